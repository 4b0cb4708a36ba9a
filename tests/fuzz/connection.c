/* Connection files: any text. What is accepted must make endpoints. */
#include "kernel/protocol/connection.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct connection connection;
    memset(&connection, 0x5a, sizeof connection);
    struct connection untouched = connection;
    struct error error = {.message = ""};
    if (connection_parse((const char *)data, size, &connection, &error) != STATUS_OK) {
        assert(error.message[0] != '\0');
        assert(memcmp(&connection, &untouched, sizeof connection) == 0);
        return 0;
    }
    for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
        char endpoint[CONNECTION_ENDPOINT_BYTES];
        connection_endpoint(&connection, (enum channel)channel, endpoint);
        assert(strncmp(endpoint, connection.transport, strlen(connection.transport)) == 0);
        assert(connection.ports[channel] >= 1 && connection.ports[channel] <= 65535);
    }
    return 0;
}
