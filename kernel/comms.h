/*
 * Comms: named conversations between a front end and something in the kernel. Source: "Custom
 * Messages" in the Jupyter messaging documentation.
 *
 * A registry: targets by name, open comms by id. A comm opened for a target that nobody registered
 * is closed at once. Event loop thread only.
 */
#ifndef FORKERNEL_KERNEL_COMMS_H
#define FORKERNEL_KERNEL_COMMS_H

#include <jansson.h>
#include <stdbool.h>

struct kernel;
struct comm;

struct comm_target {
    const char *name;
    /* `parent` is the header of the message that came, `data` its data; borrowed. `open` may refuse
       by returning false: the comm is closed. */
    bool (*open)(struct kernel *kernel, json_t *parent, const char *comm_id, json_t *data);
    void (*message)(struct kernel *kernel, json_t *parent, const char *comm_id, json_t *data);
    void (*close)(struct kernel *kernel, json_t *parent, const char *comm_id, json_t *data);
};

struct comms {
    struct comm *open;                        /* list */
    const struct comm_target *const *targets; /* NULL-terminated, or NULL for none */
};

void comms_finish(struct comms *comms);

/* The three messages of the protocol; `parent` is the header of the message that came. */
void comms_open(struct kernel *kernel, json_t *parent, json_t *content);
void comms_message(struct kernel *kernel, json_t *parent, json_t *content);
void comms_close(struct kernel *kernel, json_t *parent, json_t *content);

/* Send `data`, which is stolen, over one open comm, or over all of a target that are `wanted`,
 * NULL: over all. */
void comms_send(struct kernel *kernel, json_t *parent, const char *comm_id, json_t *data);
void comms_send_all(struct kernel *kernel, const struct comm_target *target, json_t *data,
    bool (*wanted)(struct kernel *kernel, const char *comm_id, const void *context),
    const void *context);

/* How many comms of a target are open. */
size_t comms_count(const struct comms *comms, const struct comm_target *target);

/* The `comms` object of comm_info_reply; `target_name` NULL for all. New reference. */
json_t *comms_list(const struct comms *comms, const char *target_name);

#endif
