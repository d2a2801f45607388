/* The devices that -d or INCLINE_DEVICE names, for verbs that take several. */
#ifndef INCLINE_CLI_DEVICE_LIST_H
#define INCLINE_CLI_DEVICE_LIST_H

#include "cli/cli.h"

enum { CLI_DEVICES_MAX = 32 };

struct cli_devices {
    size_t count;
    struct incline_device_info items[CLI_DEVICES_MAX];
};

/* Selectors between commas, "all" among them; each device once, in the order given. At least one,
 * unless it fails: USAGE, DEVICE. */
int cli_find_devices(struct cli *cli, struct cli_devices *out);

/* Opens one of them. */
enum incline_status cli_open_listed(struct cli *cli, const struct incline_device_info *info,
                                    struct incline_device **device);

#endif
