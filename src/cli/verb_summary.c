#include "cli/cli.h"
#include "cli/format.h"
#include "cli/json_output.h"
#include "cli/schedule_output.h"
#include "cli/table.h"

#include <stdio.h>
#include <string.h>

enum format { FORMAT_TEXT, FORMAT_JSON };

struct summary_options {
    bool schedule;
    size_t steps; /* of an epoch, 0: not told */
};

/* "-" for nothing, as most layers have no parameters. */
static const char *count_or_dash(struct cli_figure *figure, double count)
{
    if (count < 0.5)
        return "-";
    return cli_format_count(figure, (unsigned long long)(count + 0.5));
}

static void add_layer(struct cli_table *table, const struct incline_layer_summary *layer)
{
    char type[128], output[64];
    struct cli_figure parameters, multiply_adds;
    snprintf(type, sizeof type, "%s%s%s%s%s", layer->type, layer->detail[0] != '\0' ? " " : "",
             layer->detail, layer->sources[0] != '\0' ? " of " : "", layer->sources);
    if (layer->flat)
        snprintf(output, sizeof output, "%d", layer->channels);
    else
        snprintf(output, sizeof output, "%dx%dx%d", layer->channels, layer->height, layer->width);
    cli_table_add(table, (const char *[]){layer->name, type, output,
                                          count_or_dash(&parameters, (double)layer->parameters),
                                          count_or_dash(&multiply_adds, layer->multiply_adds)});
}

static int print_layers(struct cli *cli, const struct incline_model_summary *model)
{
    struct cli_table table;
    struct cli_figure parameters, multiply_adds;
    cli_table_init(&table, "lllrr");
    cli_table_add(&table,
                  (const char *[]){"layer", "type", "output", "parameters", "multiply-adds"});
    for (size_t i = 0; i < model->layer_count; i++)
        add_layer(&table, &model->layers[i]);
    cli_table_add(&table, (const char *[]){"total", "", "",
                                           count_or_dash(&parameters, (double)model->parameters),
                                           count_or_dash(&multiply_adds, model->multiply_adds)});
    return cli_table_finish(&table, cli, "  ");
}

/* The memory plan needs a device; the rest of the summary does not. */
static void say_no_memory_line(struct cli *cli)
{
    const char *text = incline_error_text(cli->ctx);
    if (cli_device_is_from_environment(cli))
        cli_say(cli, "INCLINE_DEVICE=%s: %.*s; so no memory is shown.", cli_device_selector(cli),
                (int)strcspn(text, ";:\n"), text);
    incline_error_clear(cli->ctx);
}

/* Without a device the line of memory is left out, unless -d asked for it. */
static int plan_memory(struct cli *cli, const struct incline_config *config,
                       struct incline_memory_need *need, bool *known)
{
    const struct incline_workload workload = {.work = INCLINE_WORK_TRAIN};
    struct incline_device *device = NULL;
    *known = false;
    enum incline_status status = incline_device_open(cli->ctx, cli_device_selector(cli), &device);
    if (status == INCLINE_ERROR_DEVICE && cli->common.device == NULL) {
        say_no_memory_line(cli);
        return CLI_EXIT_OK;
    }
    if (status != INCLINE_OK)
        return cli_fail(cli, status);
    status = incline_memory_plan(cli->ctx, device, config, &workload, need);
    incline_device_close(&device);
    *known = status == INCLINE_OK;
    return *known ? CLI_EXIT_OK : cli_fail(cli, status);
}

static void print_memory(struct cli *cli, const struct incline_config *config,
                         const struct incline_memory_need *need)
{
    struct cli_figure weights, activations;
    cli_print(cli, "  at batch %d: weights %s, activations and gradients %s\n",
              incline_config_batch_size(config), cli_format_bytes(&weights, (double)need->weights),
              cli_format_bytes(&activations, (double)need->activations));
}

/* Of the total above, only what is trained is counted. */
static void print_state(struct cli *cli, const struct incline_model_summary *model)
{
    struct cli_figure state;
    if (model->state > 0)
        cli_print(cli,
                  "  beside the parameters, which are trained: %s numbers of running statistics\n",
                  cli_format_count(&state, model->state));
}

static int print_text(struct cli *cli, const struct incline_config *config,
                      const struct incline_memory_need *need)
{
    const struct incline_model_summary *model = incline_config_summary(config);
    cli_print(cli, "%s    input %dx%dx%d\n", model->name, model->channels, model->height,
              model->width);
    int code = print_layers(cli, model);
    if (code == CLI_EXIT_OK)
        print_state(cli, model);
    if (code == CLI_EXIT_OK && need != NULL)
        print_memory(cli, config, need);
    return code;
}

static json_t *layer_to_json(const struct incline_layer_summary *layer)
{
    json_t *output = layer->flat ? json_pack("[i]", layer->channels)
                                 : json_pack("[iii]", layer->height, layer->width, layer->channels);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I}", "name", cli_json_text(layer->name),
                     "type", cli_json_text(layer->type), "detail", cli_json_text(layer->detail),
                     "from", cli_json_text(layer->sources), "output", output, "parameters",
                     (json_int_t)layer->parameters, "state", (json_int_t)layer->state,
                     "multiply_adds", (json_int_t)layer->multiply_adds);
}

static json_t *layers_to_json(const struct incline_model_summary *model)
{
    json_t *layers = json_array();
    for (size_t i = 0; i < model->layer_count && layers != NULL; i++) {
        if (json_array_append_new(layers, layer_to_json(&model->layers[i])) != 0) {
            json_decref(layers);
            layers = NULL;
        }
    }
    return layers;
}

static json_t *memory_to_json(const struct incline_memory_need *need)
{
    if (need == NULL)
        return json_null();
    return json_pack("{s:I, s:I}", "weights_bytes", (json_int_t)need->weights, "activations_bytes",
                     (json_int_t)need->activations);
}

static int print_json(struct cli *cli, const struct incline_config *config,
                      const struct incline_memory_need *need)
{
    const struct incline_model_summary *model = incline_config_summary(config);
    json_t *value = json_pack("{s:o, s:[iii], s:o, s:I, s:I, s:I, s:i, s:o}", "model",
                              cli_json_text(model->name), "input", model->height, model->width,
                              model->channels, "layers", layers_to_json(model), "parameters",
                              (json_int_t)model->parameters, "state", (json_int_t)model->state,
                              "multiply_adds", (json_int_t)model->multiply_adds, "batch_size",
                              incline_config_batch_size(config), "memory", memory_to_json(need));
    return cli_json_print(cli, value, JSON_INDENT(2));
}

static int print_model(struct cli *cli, const struct incline_config *config)
{
    struct incline_memory_need need;
    bool known;
    int code = plan_memory(cli, config, &need, &known);
    if (code != CLI_EXIT_OK)
        return code;
    return cli->format == FORMAT_JSON ? print_json(cli, config, known ? &need : NULL)
                                      : print_text(cli, config, known ? &need : NULL);
}

static int print_schedule(struct cli *cli, const struct incline_config *config, size_t steps)
{
    return cli->format == FORMAT_JSON ? cli_print_schedule_json(cli, config, steps)
                                      : cli_print_schedule(cli, config, steps);
}

static int run(struct cli *cli, const void *given)
{
    const struct summary_options *options = given;
    struct incline_config *config = NULL;
    if (options->steps > 0 && !options->schedule)
        return cli_error(cli, CLI_EXIT_USAGE, "summary: --steps without --schedule has no meaning");
    enum incline_status status = incline_config_load(
        cli->ctx, cli->arguments[0], cli->settings.items, cli->settings.count, &config);
    if (status != INCLINE_OK)
        return cli_fail(cli, status);
    int code =
        options->schedule ? print_schedule(cli, config, options->steps) : print_model(cli, config);
    incline_config_destroy(&config);
    return code;
}

static const struct cli_option options[] = {
    {"batch-size", 'b', CLI_SETTING, 0, "N", "images a step, for the memory line",
     "train.batch_size"},
    {"schedule", 0, CLI_FLAG, offsetof(struct summary_options, schedule), NULL,
     "show the learning rate over the epochs instead"},
    {"steps", 0, CLI_NUMBER, offsetof(struct summary_options, steps), "N",
     "steps of an epoch, for --schedule (default: 100)"},
    {"set", 's', CLI_ASSIGNMENT, 0, "PATH=VALUE", "change any value of the configuration"},
};

static const char *const aliases[] = {"info", NULL};
static const char *const formats[] = {"text", "json", NULL};

const struct cli_verb cli_verb_summary = {
    .name = "summary",
    .aliases = aliases,
    .help = "show a model's layers, shapes, parameters, multiply-adds and memory",
    .arguments = "CONFIG",
    .examples = "  incline summary mnist-cnn\n"
                "  incline summary my.yaml -b 512\n"
                "  incline summary my.yaml --schedule -s train.schedule=cosine\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .formats = formats,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(struct summary_options),
    .run = run,
};
