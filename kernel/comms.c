#include "kernel/comms.h"

#include "kernel/kernel.h"

#include <stdlib.h>
#include <string.h>

struct comm {
    struct comm *next;
    const struct comm_target *target;
    char id[]; /* as the side that opened it chose */
};

static void comm_remove(struct comm **at) {
    struct comm *comm = *at;
    *at = comm->next;
    free(comm);
}

void comms_finish(struct comms *comms) {
    while (comms->open)
        comm_remove(&comms->open);
}

static const struct comm_target *find_target(const struct comms *comms, const char *name) {
    for (const struct comm_target *const *target = comms->targets; target && *target; target++)
        if (strcmp((*target)->name, name) == 0)
            return *target;
    return NULL;
}

static struct comm **find_comm(struct comms *comms, const char *id) {
    struct comm **at = &comms->open;
    while (*at && strcmp((*at)->id, id) != 0)
        at = &(*at)->next;
    return at;
}

static void publish_close(struct kernel *kernel, json_t *parent, const char *id) {
    kernel_publish_new(
        kernel, parent, "comm_close", json_pack("{s:s, s:{}}", "comm_id", id, "data"));
}

void comms_open(struct kernel *kernel, json_t *parent, json_t *content) {
    struct comms *comms = &kernel->comms;
    const char *id = json_string_value(json_object_get(content, "comm_id"));
    const char *name = json_string_value(json_object_get(content, "target_name"));
    if (!id)
        return;
    const struct comm_target *target = name ? find_target(comms, name) : NULL;
    if (!target || *find_comm(comms, id)) {
        publish_close(kernel, parent, id);
        return;
    }
    size_t size = strlen(id) + 1;
    struct comm *comm = malloc(sizeof *comm + size);
    if (!comm)
        return;
    memcpy(comm->id, id, size);
    comm->target = target;
    comm->next = comms->open;
    comms->open = comm;
    if (!target->open(kernel, parent, id, json_object_get(content, "data"))) {
        publish_close(kernel, parent, id);
        comm_remove(find_comm(comms, id));
    }
}

void comms_message(struct kernel *kernel, json_t *parent, json_t *content) {
    const char *id = json_string_value(json_object_get(content, "comm_id"));
    if (!id)
        return;
    struct comm *comm = *find_comm(&kernel->comms, id);
    if (comm)
        comm->target->message(kernel, parent, id, json_object_get(content, "data"));
    else
        publish_close(kernel, parent, id);
}

void comms_close(struct kernel *kernel, json_t *parent, json_t *content) {
    const char *id = json_string_value(json_object_get(content, "comm_id"));
    if (!id)
        return;
    struct comm **at = find_comm(&kernel->comms, id);
    if (!*at)
        return;
    (*at)->target->close(kernel, parent, id, json_object_get(content, "data"));
    comm_remove(at);
}

void comms_send(struct kernel *kernel, json_t *parent, const char *comm_id, json_t *data) {
    kernel_publish_new(
        kernel, parent, "comm_msg", json_pack("{s:s, s:o}", "comm_id", comm_id, "data", data));
}

void comms_send_all(struct kernel *kernel, const struct comm_target *target, json_t *data,
    bool (*wanted)(struct kernel *kernel, const char *comm_id, const void *context),
    const void *context) {
    for (const struct comm *comm = kernel->comms.open; comm; comm = comm->next)
        if (comm->target == target && (!wanted || wanted(kernel, comm->id, context)))
            comms_send(kernel, NULL, comm->id, json_incref(data));
    json_decref(data);
}

size_t comms_count(const struct comms *comms, const struct comm_target *target) {
    size_t count = 0;
    for (const struct comm *comm = comms->open; comm; comm = comm->next)
        count += comm->target == target;
    return count;
}

json_t *comms_list(const struct comms *comms, const char *target_name) {
    json_t *list = json_object();
    for (const struct comm *comm = comms->open; comm; comm = comm->next)
        if (!target_name || strcmp(comm->target->name, target_name) == 0)
            json_object_set_new(
                list, comm->id, json_pack("{s:s}", "target_name", comm->target->name));
    return list;
}
