/* SPDX-License-Identifier: MIT */
/* The default limits, and those for a kind of host. */
#include <hydra/policy.h>

#define ALL_SCHEMES (HYDRA_SCHEME_FILE | HYDRA_SCHEME_HTTP | HYDRA_SCHEME_HTTPS | HYDRA_SCHEME_S3)

void hydra_policy_init(hydra_policy *policy)
{
    *policy = (hydra_policy){
        .struct_size = sizeof *policy,
        .max_images = 1000,
        .max_image_bytes = (int64_t)128 << 20,
        .max_image_pixels = 200000000,
        .max_image_side_px = 32768,
        .max_decode_bytes = (int64_t)512 << 20,
        .max_audio_bytes = (int64_t)1 << 30,
        .max_duration_us = INT64_C(7200) * 1000000,
        .max_output_bytes = (int64_t)1 << 30,
        .max_memory_bytes = (int64_t)2 << 30,
        .max_render_us = INT64_C(3600) * 1000000,
        .max_threads = 128,
        .files = 1,
        .schemes = ALL_SCHEMES,
        .private_networks = 1,
        .max_redirects = 5,
        .max_fetch_bytes = (int64_t)1 << 30,
        .any_bucket = 1,
    };
}

hydra_status hydra_policy_preset(hydra_policy *policy, int32_t preset)
{
    if (!policy || preset < HYDRA_POLICY_LOCAL || preset > HYDRA_POLICY_SERVICE) {
        return HYDRA_ERR_ARGUMENT;
    }
    hydra_policy_init(policy);
    if (preset == HYDRA_POLICY_SERVICE) {
        policy->files = 0;
        policy->schemes = HYDRA_SCHEME_FILE | HYDRA_SCHEME_HTTPS | HYDRA_SCHEME_S3;
        policy->private_networks = 0;
        policy->any_bucket = 0;
    }
    return HYDRA_OK;
}
