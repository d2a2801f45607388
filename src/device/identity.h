/* Which physical device an OpenCL device is: one GPU can be seen through several platforms. */
#ifndef INCLINE_DEVICE_IDENTITY_H
#define INCLINE_DEVICE_IDENTITY_H

#include <CL/cl.h>
#include <CL/cl_ext.h>

#include <stdbool.h>

struct incline_identity {
    bool has_uuid, has_pci;
    cl_uchar uuid[CL_UUID_SIZE_KHR];
    cl_uint pci[4]; /* domain, bus, device, function */
};

/* Asks the driver for what it can tell. */
void incline_identify(cl_device_id id, struct incline_identity *out);

/* true when both drivers told the same UUID or the same PCI address. */
bool incline_identity_is_same(const struct incline_identity *a, const struct incline_identity *b);

#endif
