/* An OpenCL driver that does no more than go wrong, at the moment and in the way that FAKE_WHEN and
 * FAKE_HOW say: one library for each is built from this file. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOADING = 1, ASKED = 2 };
enum { ABORTS = 1, CRASHES = 2, HANGS = 3, EXITS = 4 };

static void go_wrong(void)
{
    switch (FAKE_HOW) {
    case ABORTS:
        abort();
    case CRASHES:
        raise(SIGSEGV);
        break;
    case HANGS:
        for (;;)
            pause();
    case EXITS:
        exit(3);
    }
}

__attribute__((constructor)) static void load(void)
{
    if (FAKE_WHEN == LOADING)
        go_wrong();
}

/* The loader asks for this function by its address. */
static int platforms(unsigned room, void **out, unsigned *count)
{
    (void)room;
    (void)out;
    if (FAKE_WHEN == ASKED)
        go_wrong();
    if (count)
        *count = 0;
    return -1001; /* CL_PLATFORM_NOT_FOUND_KHR */
}

__attribute__((visibility("default"))) void *clGetExtensionFunctionAddress(const char *name);
__attribute__((visibility("default"))) void *clGetExtensionFunctionAddress(const char *name)
{
    (void)name;
    int (*function)(unsigned, void **, unsigned *) = platforms;
    union {
        int (*function)(unsigned, void **, unsigned *);
        void *address;
    } both = {function};
    return both.address;
}
