/* SPDX-License-Identifier: MIT */
/*
 * The shortest useful program: photos and music in, an MP4 out.
 *
 *     minimal OUT.mp4 MUSIC PHOTO...
 *
 * Build it with:  cc minimal.c $(pkg-config --cflags --libs hydra)
 */
#include <hydra/hydra.h>

#include <stdio.h>

static hydra_status make_video(hydra_compose *c, const char *output, const char *music,
                               char **photos, int count)
{
    hydra_status status = hydra_compose_set_transition(c, HYDRA_ALL_CUTS, NULL); /* crossfades */
    for (int i = 0; i < count && status == HYDRA_OK; i++) {
        status = hydra_compose_add_image(c, photos[i], NULL); /* 3 s each, slowly zooming in */
    }
    if (status == HYDRA_OK) {
        status = hydra_compose_set_audio(c, music, NULL); /* fades out at the end */
    }
    return status == HYDRA_OK ? hydra_compose_render(c, output, NULL) : status;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: minimal OUT.mp4 MUSIC PHOTO...\n");
        return 2;
    }
    hydra_compose *c = NULL;
    hydra_status status = hydra_compose_new(NULL, &c);
    if (status != HYDRA_OK) {
        fprintf(stderr, "minimal: %s\n", hydra_status_text(status));
        return 1;
    }
    status = make_video(c, argv[1], argv[2], argv + 3, argc - 3);
    if (status != HYDRA_OK) {
        fprintf(stderr, "minimal: %s: %s\n", hydra_status_name(status), hydra_compose_error(c));
    } else {
        printf("%s\n", argv[1]);
    }
    hydra_compose_free(c);
    return status == HYDRA_OK ? 0 : 1;
}
