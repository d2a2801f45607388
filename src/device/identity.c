#include "device/identity.h"

#include <string.h>

/* cl_nv_device_attribute_query, whose slot is device * 8 + function. */
enum { PCI_BUS_NV = 0x4008, PCI_SLOT_NV = 0x4009, PCI_DOMAIN_NV = 0x400A };

/* cl_amd_device_attribute_query; there is no domain in it. */
struct topology_amd {
    cl_uint type; /* 1: PCI Express */
    cl_uchar unused[17];
    cl_uchar bus, device, function;
};

static bool ask(cl_device_id id, cl_device_info what, void *out, size_t size)
{
    return clGetDeviceInfo(id, what, size, out, NULL) == CL_SUCCESS;
}

static bool pci_of_khr(cl_device_id id, cl_uint pci[4])
{
    return ask(id, CL_DEVICE_PCI_BUS_INFO_KHR, pci, 4 * sizeof *pci);
}

static bool pci_of_nv(cl_device_id id, cl_uint pci[4])
{
    cl_uint slot = 0;
    if (!ask(id, PCI_BUS_NV, &pci[1], sizeof pci[1]) || !ask(id, PCI_SLOT_NV, &slot, sizeof slot))
        return false;
    if (!ask(id, PCI_DOMAIN_NV, &pci[0], sizeof pci[0]))
        pci[0] = 0; /* not known to older drivers */
    pci[2] = slot >> 3;
    pci[3] = slot & 7;
    return true;
}

static bool pci_of_amd(cl_device_id id, cl_uint pci[4])
{
    struct topology_amd topology = {0};
    if (!ask(id, CL_DEVICE_TOPOLOGY_AMD, &topology, sizeof topology) || topology.type != 1)
        return false;
    pci[0] = 0;
    pci[1] = topology.bus;
    pci[2] = topology.device;
    pci[3] = topology.function;
    return true;
}

/* Zeros are a driver's way to say that it does not know. */
static bool is_told(const void *bytes, size_t count)
{
    const unsigned char *byte = bytes;
    while (count > 0 && *byte == 0) {
        byte++;
        count--;
    }
    return count > 0;
}

/* Only what the driver says it knows is asked, since others may answer anything. */
void incline_identify(cl_device_id id, struct incline_identity *out)
{
    char names[8192] = "";
    *out = (struct incline_identity){.has_uuid = false};
    if (!ask(id, CL_DEVICE_EXTENSIONS, names, sizeof names))
        return;
    names[sizeof names - 1] = '\0';
    out->has_uuid = strstr(names, "cl_khr_device_uuid") &&
                    ask(id, CL_DEVICE_UUID_KHR, out->uuid, sizeof out->uuid) &&
                    is_told(out->uuid, sizeof out->uuid);
    bool asked = (strstr(names, "cl_khr_pci_bus_info") && pci_of_khr(id, out->pci)) ||
                 (strstr(names, "cl_nv_device_attribute_query") && pci_of_nv(id, out->pci)) ||
                 (strstr(names, "cl_amd_device_attribute_query") && pci_of_amd(id, out->pci));
    out->has_pci = asked && is_told(out->pci, sizeof out->pci);
}

bool incline_identity_is_same(const struct incline_identity *a, const struct incline_identity *b)
{
    if (a->has_pci && b->has_pci)
        return memcmp(a->pci, b->pci, sizeof a->pci) == 0;
    return a->has_uuid && b->has_uuid && memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0;
}
