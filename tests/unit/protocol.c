/* kernel/protocol: connection files, the wire, replays. */
#include "kernel/protocol/connection.h"
#include "kernel/protocol/json_read.h"
#include "kernel/protocol/replay.h"
#include "kernel/protocol/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PORTS                                                                                      \
    "\"shell_port\":1,\"iopub_port\":2,\"stdin_port\":3,\"control_port\":4,\"hb_port\":65535"

static enum status parse(const char *text, struct connection *connection, struct error *error) {
    return connection_parse(text, strlen(text), connection, error);
}

static void test_connection_reads_all_fields(void **state) {
    (void)state;
    struct connection c;
    char endpoint[CONNECTION_ENDPOINT_BYTES];
    assert_int_equal(parse("{\"transport\":\"ipc\",\"ip\":\"/tmp/k\",\"key\":\"secret\","
                           "\"signature_scheme\":\"hmac-sha256\",\"kernel_name\":\"c\"," PORTS "}",
                         &c, NULL),
        STATUS_OK);
    assert_string_equal(c.key, "secret");
    connection_endpoint(&c, CHANNEL_HEARTBEAT, endpoint);
    assert_string_equal(endpoint, "ipc:///tmp/k-65535");
    assert_int_equal(parse("{\"ip\":\"::1\"," PORTS "}", &c, NULL), STATUS_OK);
    connection_endpoint(&c, CHANNEL_SHELL, endpoint);
    assert_string_equal(endpoint, "tcp://[::1]:1");
}

static void test_connection_refuses(void **state) {
    (void)state;
    static const char *const bad[] = {"", "[]", "{", "{}", "{\"ip\":3," PORTS "}",
        "{\"transport\":\"udp\"," PORTS "}",
        "{\"key\":\"k\",\"signature_scheme\":\"hmac-md5\"," PORTS "}",
        "{\"curve_publickey\":\"x\"," PORTS "}", "{\"key\":\"a\\u0000b\"," PORTS "}",
        "{\"shell_port\":0,\"iopub_port\":2,\"stdin_port\":3,\"control_port\":4,\"hb_port\":5}",
        "{\"shell_port\":\"1\",\"iopub_port\":2,\"stdin_port\":3,\"control_port\":4,\"hb_port\":"
        "5}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct connection c = {.ip = "untouched"};
        struct error error;
        assert_int_equal(parse(bad[i], &c, &error), STATUS_INVALID);
        assert_string_equal(c.ip, "untouched");
        assert_true(strlen(error.message) > 10);
    }
}

/* A message as another process with the same key would send it. */
static zmsg_t *build(const char *key) {
    struct wire *other = wire_create(key);
    json_t *content = json_pack("{s:s}", "code", "1 + 1");
    zmsg_t *identities = zmsg_new();
    zmsg_addstr(identities, "client");
    zmsg_t *message = wire_build(other, identities, "execute_request", NULL, NULL, content, NULL);
    zmsg_destroy(&identities);
    json_decref(content);
    wire_destroy(&other);
    return message;
}

static void test_wire_travels(void **state) {
    (void)state;
    struct wire *wire = wire_create("key");
    zmsg_t *frames = build("key");
    zmsg_addstr(frames, "buffer");
    struct message *message;
    assert_int_equal(wire_parse(wire, &frames, &message, NULL), STATUS_OK);
    assert_null(frames);
    assert_string_equal(message_type(message), "execute_request");
    assert_string_equal(json_string_value(json_object_get(message->content, "code")), "1 + 1");
    assert_string_equal(json_string_value(json_object_get(message->header, "version")), "5.5");
    assert_int_equal(zmsg_size(message->identities), 1);
    assert_int_equal(zmsg_size(message->buffers), 1);
    message_destroy(&message);
    assert_null(message);
    wire_destroy(&wire);
}

static void test_wire_refuses_signatures(void **state) {
    (void)state;
    struct wire *wire = wire_create("key");
    struct message *message = NULL;
    zmsg_t *frames = build("another key");
    assert_int_equal(wire_parse(wire, &frames, &message, NULL), STATUS_DENIED);
    frames = build("");
    assert_int_equal(wire_parse(wire, &frames, &message, NULL), STATUS_DENIED);
    frames = build("key");
    zmsg_t *again = zmsg_dup(frames);
    assert_int_equal(wire_parse(wire, &frames, &message, NULL), STATUS_OK);
    message_destroy(&message);
    assert_int_equal(wire_parse(wire, &again, &message, NULL), STATUS_DENIED);
    assert_null(message);
    wire_destroy(&wire);
}

static void test_wire_refuses_any_missing_or_broken_frame(void **state) {
    (void)state;
    struct wire *wire = wire_create("");
    for (size_t broken = 0; broken < 7; broken++)
        for (int remove = 0; remove < 2; remove++) {
            zmsg_t *whole = build(""), *frames = zmsg_new();
            zframe_t *frame;
            for (size_t i = 0; (frame = zmsg_pop(whole)); i++) {
                if (i == broken && !remove)
                    zframe_reset(frame, "[1", 2);
                if (i == broken && remove)
                    zframe_destroy(&frame);
                else
                    zmsg_append(frames, &frame);
            }
            zmsg_destroy(&whole);
            struct message *message = NULL;
            enum status status = wire_parse(wire, &frames, &message, NULL);
            /* the identity may be anything, an empty key leaves the signature alone, and whoever
               sent a header gets an answer */
            bool fine = broken == 0 || (!remove && broken != 1 && broken != 3);
            assert_int_equal(status, fine ? STATUS_OK : STATUS_INVALID);
            if (fine)
                assert_int_equal(message->is_readable, broken != 6);
            message_destroy(&message);
        }
    wire_destroy(&wire);
}

static void assert_read(const char *text, const char *expected) {
    json_t *value = json_read(text, strlen(text));
    char *dumped = value ? json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    if (expected)
        assert_string_equal(dumped, expected);
    else
        assert_null(value);
    free(dumped);
    json_decref(value);
}

static void test_json_is_read_as_near_as_possible(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"{\"a\":9223372036854775807}", "{\"a\":9223372036854775807}"},
        {"{\"a\":9223372036854775808}", "{\"a\":9.2233720368547758e18}"},
        {"{\"a\":-9223372036854775809, \"b\":2}", "{\"a\":-9.2233720368547758e18,\"b\":2}"},
        {"{\"a\":1e400,\"b\":-1e400}",
            "{\"a\":1.7976931348623157e308,\"b\":-1.7976931348623157e308}"},
        {"[1e-400]", "[0.0]"},
        {"{\"a\":\"x\\ud800y\"}", "{\"a\":\"x\\uFFFDy\"}"},
        {"{\"a\":\"\\udc00\\ud83d\\ude00\\ud83d\"}", "{\"a\":\"\\uFFFD\\uD83D\\uDE00\\uFFFD\"}"},
        {"{\"a\":\"\\\\ud800 \\\" 1e400 NaN \xff\"}",
            "{\"a\":\"\\\\ud800 \\\" 1e400 NaN \\uFFFD\"}"},
        {"{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\\uFFFD\\uFFFD\\uFFFD\"}"},
        {"[NaN,Infinity,-Infinity,-1,true]", "[null,null,null,-1,true]"},
        {"{\"a\":1", NULL},
        {"{\"a\":\"1", NULL},
        {"{\"a\":\"\\", NULL},
        {"[1.2.3]", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_read(pairs[i][0], pairs[i][1]);
    char long_number[2000];
    memset(long_number, '7', sizeof long_number);
    memcpy(long_number, "[", 1);
    memcpy(long_number + sizeof long_number - 2, "]", 2);
    assert_read(long_number, "[1.7976931348623157e308]");
}

static void test_replay_remembers_and_forgets(void **state) {
    (void)state;
    struct replay *replay = calloc(1, sizeof *replay);
    unsigned char signature[REPLAY_SIGNATURE_BYTES] = {0};
    const uint32_t total = 3 * REPLAY_REMEMBERED;
    for (uint32_t i = 0; i < total; i++) {
        uint32_t slot = i * 7 % 5000 * 3; /* some collide */
        memcpy(signature, &slot, sizeof slot);
        memcpy(signature + 8, &i, sizeof i);
        assert_false(replay_seen(replay, signature));
        assert_true(replay_seen(replay, signature));
    }
    for (uint32_t i = total - REPLAY_REMEMBERED; i < total; i++) {
        uint32_t slot = i * 7 % 5000 * 3;
        memcpy(signature, &slot, sizeof slot);
        memcpy(signature + 8, &i, sizeof i);
        assert_true(replay_seen(replay, signature));
    }
    free(replay);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connection_reads_all_fields),
        cmocka_unit_test(test_connection_refuses),
        cmocka_unit_test(test_wire_travels),
        cmocka_unit_test(test_wire_refuses_signatures),
        cmocka_unit_test(test_wire_refuses_any_missing_or_broken_frame),
        cmocka_unit_test(test_json_is_read_as_near_as_possible),
        cmocka_unit_test(test_replay_remembers_and_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
