# SPDX-License-Identifier: MIT
# Completion of hydra-cli for bash. It needs nothing but bash itself.
# shellcheck shell=bash

_hydra_cli_options() {
    local compose="--project --duration --image-duration --size --fps --fit --background --motion
        --motion-amount --easing --transition --transition-duration --transition-mode --threads
        --music --music-start --music-loop --gain --fade-in --fade-out"
    local encoding="--profile --encoder --codec --crf --bitrate --preset --audio-bitrate --in-order
        --deadline"
    local place="--overwrite --no-overwrite --json --quiet --help"
    local store="--region --endpoint --aws-profile --addressing --ca-file --anonymous"
    local transfer="--content-type --cache-control --acl --storage-class --presign"
    case $1 in
    render)
        echo "--output $place $compose $encoding --gpu --plan --save-project --progress $store $transfer"
        ;;
    frame) echo "--output --time $place $compose" ;;
    upload) echo "$place --progress $store $transfer" ;;
    get) echo "$place --progress $store" ;;
    presign) echo "--put --expires --help --json $store" ;;
    check | estimate) echo "--help --json $compose $encoding --gpu" ;;
    probe) echo "--help --json --gpu --bench --seconds --encoder --codec" ;;
    doctor) echo "--help --json --gpu" ;;
    schema) echo "--help" ;;
    esac
}

# What the value of an option can be: words, "FILE", or nothing to offer.
_hydra_cli_values() {
    case $1 in
    --output | -o | --project | --save-project | --music | --ca-file) echo FILE ;;
    --size) echo "9:16 16:9 1:1 4:5" ;;
    --fps) echo "24 25 29.97 30 50 59.94 60" ;;
    --fit) echo "cover contain blur fill" ;;
    --motion) echo "none zoom-in zoom-out pan-left pan-right pan-up pan-down" ;;
    --easing) echo "linear smoothstep in out in-out" ;;
    --transition) echo "cut crossfade" ;;
    --transition-mode) echo "overlap hold" ;;
    --profile) echo "draft default quality best" ;;
    --encoder) echo "auto x264 x265 nvenc raw" ;;
    --codec) echo "h264 hevc" ;;
    --gpu) echo "none 0 1" ;;
    --preset) echo "ultrafast superfast veryfast faster fast medium slow slower veryslow" ;;
    --in-order) echo "fragmented buffered" ;;
    --progress) echo "auto bar json none" ;;
    --addressing) echo "auto virtual path" ;;
    --presign | --expires) echo "15m 1h 1d 7d" ;;
    esac
}

_hydra_cli_takes_value() {
    case $1 in
    --overwrite | --no-overwrite | --json | --quiet | --help | --music-loop | --plan | \
        --put | --anonymous | --bench) return 1 ;;
    --?* | -o | -t) return 0 ;;
    *) return 1 ;;
    esac
}

_hydra_cli_offer() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_hydra_cli_offer_files() {
    mapfile -t COMPREPLY < <(compgen -f -- "$1")
    # Outside of a completion, as in tests, there is no option to set.
    compopt -o filenames 2>/dev/null || true
}

# The last of several motions: what stands before it stays.
_hydra_cli_offer_list() {
    local before=""
    [[ $2 == *,* ]] && before=${2%,*},
    mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "${2##*,}")
}

_hydra_cli() {
    local verbs="render frame check estimate upload get presign probe schema doctor help"
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local verb=${COMP_WORDS[1]} values word
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _hydra_cli_offer "$verbs --help --version" "$current"
        return
    fi
    if [[ $verb == help ]]; then
        ((COMP_CWORD == 2)) && _hydra_cli_offer "${verbs% help}" "$current"
        return
    fi
    [[ -n $(_hydra_cli_options "$verb") ]] || return
    for word in "${COMP_WORDS[@]:2:COMP_CWORD-2}"; do
        if [[ $word == -- ]]; then
            _hydra_cli_offer_files "$current"
            return
        fi
    done
    # bash makes three words of --option=value.
    if [[ $current == "=" ]]; then
        current=""
    elif [[ $previous == "=" ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if _hydra_cli_takes_value "$previous"; then
        values=$(_hydra_cli_values "$previous")
        case $previous:$values in
        *:FILE) _hydra_cli_offer_files "$current" ;;
        --motion:*) _hydra_cli_offer_list "$values" "$current" ;;
        *) _hydra_cli_offer "$values" "$current" ;;
        esac
    elif [[ $current == -* ]]; then
        _hydra_cli_offer "$(_hydra_cli_options "$verb")" "$current"
    else
        _hydra_cli_offer_files "$current"
    fi
}

complete -F _hydra_cli hydra-cli
