#include "cli/device_list.h"

#include <stdio.h>
#include <string.h>

static int add_device(struct cli *cli, struct cli_devices *out,
                      const struct incline_device_info *info)
{
    for (size_t i = 0; i < out->count; i++) {
        if (out->items[i].index == info->index)
            return CLI_EXIT_OK;
    }
    if (out->count == CLI_DEVICES_MAX)
        return cli_error(cli, CLI_EXIT_USAGE, "%s: more than %d devices", cli->verb->name,
                         (int)CLI_DEVICES_MAX);
    out->items[out->count++] = *info;
    return CLI_EXIT_OK;
}

static int add_selected(struct cli *cli, struct cli_devices *out, const char *selector)
{
    struct incline_device *device = NULL;
    enum incline_status status = incline_device_open(cli->ctx, selector, &device);
    if (status != INCLINE_OK)
        return cli_fail(cli, status);
    int code = add_device(cli, out, incline_device_get_info(device));
    incline_device_close(&device);
    return code;
}

/* All usable ones, each GPU once; without any, what opening the default says. */
static int add_all(struct cli *cli, struct cli_devices *out)
{
    struct incline_device_list *list = NULL;
    enum incline_status status = incline_devices_list(cli->ctx, &list);
    int code = status == INCLINE_OK ? CLI_EXIT_OK : cli_fail(cli, status);
    for (size_t i = 0; code == CLI_EXIT_OK && i < list->count; i++) {
        if (cli_all_takes(cli, &list->devices[i]))
            code = add_device(cli, out, &list->devices[i]);
    }
    incline_devices_free(&list);
    if (code == CLI_EXIT_OK && out->count == 0)
        code = add_selected(cli, out, NULL);
    return code;
}

static int add_listed(struct cli *cli, struct cli_devices *out, const char *next)
{
    int code = CLI_EXIT_OK;
    while (next != NULL && code == CLI_EXIT_OK) {
        const char *comma = strchr(next, ',');
        char selector[128] = "";
        size_t length = comma != NULL ? (size_t)(comma - next) : strlen(next);
        if (length == 0 || length >= sizeof selector) {
            cli_error(cli, 0, "%s: -d takes devices between commas, or all", cli->verb->name);
            return cli_usage_hint(cli);
        }
        strncat(selector, next, length);
        code = strcmp(selector, "all") == 0 ? add_all(cli, out) : add_selected(cli, out, selector);
        next = comma != NULL ? comma + 1 : NULL;
    }
    return code;
}

int cli_find_devices(struct cli *cli, struct cli_devices *out)
{
    const char *selector = cli_device_selector(cli);
    out->count = 0;
    return selector == NULL ? add_selected(cli, out, NULL) : add_listed(cli, out, selector);
}

enum incline_status cli_open_listed(struct cli *cli, const struct incline_device_info *info,
                                    struct incline_device **device)
{
    char number[16];
    snprintf(number, sizeof number, "%d", info->index);
    return incline_device_open(cli->ctx, number, device);
}
