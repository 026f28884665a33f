/* SPDX-License-Identifier: MIT */
/* What doctor finds, one line each. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <hydra/hydra.h>

enum {
    STATE_OK,
    STATE_NOTE,
    STATE_PROBLEM
};

typedef struct finding {
    const char *name;
    int state;
    char text[704];
    const char *advice; /* "" = nothing to do */
} finding;

/* Video files can be made on every host: without a GPU, too. */
void doctor_check_encoder(finding *f, hydra_context *context);
/* The GPUs that the context allows. A host without any is in order. */
void doctor_check_gpu(finding *f, hydra_context *context);

#endif
