/* Times as anybody types them: any bytes are a time or none, and one that is written is read again.
 */
#include "base/clock.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerInitialize(int *argc, char ***argv); /* no header declares it for C */

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int64_t now_us = 1778421600123456; /* 2026-05-10 16:00:00 */
    char *text = malloc(size + 1);
    int64_t time_us = 0, again_us = 0;
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (clock_parse(text, now_us, &time_us)) {
        char written[CLOCK_AGO_BYTES];
        assert(time_us > 0);
        clock_format_moment(time_us, now_us, written);
        assert(clock_parse(written, now_us, &again_us));
    }
    free(text);
    return 0;
}
