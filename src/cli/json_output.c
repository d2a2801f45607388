#include "cli/json_output.h"

#include <math.h>
#include <stdlib.h>

json_t *cli_json_text(const char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    char *plain = cli_text("%s", text);
    for (char *byte = plain; plain != NULL && *byte != '\0'; byte++) {
        if ((unsigned char)*byte >= 0x80)
            *byte = '?';
    }
    value = plain != NULL ? json_string(plain) : NULL;
    free(plain);
    return value;
}

json_t *cli_json_number(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

int cli_json_print(struct cli *cli, json_t *value, size_t flags)
{
    char *text = value != NULL ? json_dumps(value, flags) : NULL;
    json_decref(value);
    if (text == NULL)
        return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    cli_print(cli, "%s\n", text);
    free(text);
    return CLI_EXIT_OK;
}
