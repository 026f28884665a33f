/* SPDX-License-Identifier: MIT */
/* Replies of the Security Token Service: what S3's are, with the keys three levels down. */
#include <stdio.h>

#include "credentials.h"

hydra_status hy_sts_reply_read(hy_sts_reply *out, const void *data, size_t size, const char *action,
                               hy_diag *diag)
{
    static const char *const names[] = {"AccessKeyId", "SecretAccessKey", "SessionToken",
                                        "Expiration"};
    char root[64];
    *out = (hy_sts_reply){.root = HY_S3_ROOT_NONE};
    (void)snprintf(root, sizeof root, "%sResponse", action);
    for (size_t i = 0; i < HY_STS_FIELDS; i++) {
        (void)snprintf(out->paths[i], sizeof out->paths[i], "%sResult/Credentials/%s", action,
                       names[i]);
        out->fields[i].name = out->paths[i];
    }
    return hy_s3_xml_read(data, size, root, out->fields, HY_STS_FIELDS, &out->root, &out->error,
                          diag);
}

void hy_sts_reply_free(hy_sts_reply *reply)
{
    for (size_t i = 0; i < HY_STS_FIELDS; i++) {
        hy_secret_free(reply->fields[i].value);
        reply->fields[i].value = NULL;
    }
}
