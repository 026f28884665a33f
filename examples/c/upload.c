/* SPDX-License-Identifier: MIT */
/*
 * A video straight into S3, or into any server that speaks its protocol: it leaves while it is
 * made.
 *
 *     upload s3://BUCKET/KEY PHOTO...
 *
 * Credentials, region and endpoint come from the environment and the profile files, as for other
 * tools. With the endpoint in AWS_ENDPOINT_URL it works with a server of your own.
 */
#include <hydra/hydra.h>

#include <stdio.h>

/* Until the job is done; bytes leave while frames are made. */
static hydra_status watch(hydra_render *job)
{
    hydra_status status;
    do {
        hydra_event event = {.struct_size = sizeof event};
        status = hydra_render_wait(job, 200000);
        while (hydra_render_next_event(job, &event) == HYDRA_OK && event.kind != HYDRA_EVENT_NONE) {
            if (event.kind == HYDRA_EVENT_PROGRESS) {
                fprintf(stderr, "\r%3d %%  %lld bytes sent ", (int)(event.progress * 100),
                        (long long)event.bytes_sent);
            }
        }
    } while (status == HYDRA_ERR_TIMEOUT && *hydra_render_error(job) == '\0');
    fprintf(stderr, "\n");
    return status;
}

static hydra_status print_object(const hydra_render *job)
{
    hydra_object object = {.struct_size = sizeof object};
    hydra_status status = hydra_render_object(job, &object);
    if (status == HYDRA_OK) {
        printf("%s\n%lld bytes, complete %lld ms after the last frame\n", object.url,
               (long long)object.bytes, (long long)(object.url_ready_us / 1000));
        printf("to share, for an hour: %s\n", object.presigned_url);
    }
    return status;
}

static hydra_status describe(hydra_compose *c, char **photos, int count)
{
    hydra_transfer_options transfer;
    hydra_transfer_options_init(&transfer);
    transfer.cache_control = "public, max-age=31536000, immutable";
    transfer.presign_s = 3600;
    hydra_status status = hydra_compose_set_transfer(c, &transfer);
    for (int i = 0; i < count && status == HYDRA_OK; i++) {
        status = hydra_compose_add_image(c, photos[i], NULL);
    }
    return status;
}

static int run(hydra_compose *c, const char *destination, char **photos, int count)
{
    hydra_render *job = NULL;
    hydra_status status = describe(c, photos, count);
    if (status == HYDRA_OK) {
        status = hydra_render_start(c, destination, NULL, &job);
    }
    if (status != HYDRA_OK) {
        fprintf(stderr, "upload: %s: %s\n", hydra_status_name(status), hydra_compose_error(c));
        return 1;
    }
    status = watch(job);
    if (status == HYDRA_OK) {
        status = print_object(job);
    }
    if (status != HYDRA_OK) {
        fprintf(stderr, "upload: %s: %s\n", hydra_status_name(status), hydra_render_error(job));
    }
    hydra_render_free(job);
    return status == HYDRA_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: upload s3://BUCKET/KEY PHOTO...\n");
        return 2;
    }
    hydra_compose *c = NULL;
    hydra_status status = hydra_compose_new(NULL, &c);
    if (status != HYDRA_OK) {
        fprintf(stderr, "upload: %s\n", hydra_status_text(status));
        return 1;
    }
    int code = run(c, argv[1], argv + 2, argc - 2);
    hydra_compose_free(c);
    return code;
}
