#include "base/frame.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER_BYTES = 8, FIELD_HEADER_BYTES = 4 };
enum {
    FILL_BYTES =
        1024 * 1024,       /* at one go, so that a peer that never stops does not hold its reader */
    MOST_DESCRIPTORS = 16, /* with one message; the system drops and closes the others */
};

void frame_begin(struct buf *out, uint16_t type) {
    buf_clear(out);
    uint32_t size = 0;
    uint16_t count = 0;
    buf_append(out, &size, sizeof size);
    buf_append(out, &type, sizeof type);
    buf_append(out, &count, sizeof count);
}

void frame_add(struct buf *out, const void *data, size_t size) {
    if (size > FRAME_MAX_BYTES) {
        out->failed = true;
        return;
    }
    uint32_t field_size = (uint32_t)size;
    buf_append(out, &field_size, sizeof field_size);
    buf_append(out, data, size);
    if (!buf_ok(out))
        return;
    uint16_t count;
    memcpy(&count, out->data + 6, sizeof count);
    count++;
    memcpy(out->data + 6, &count, sizeof count);
}

void frame_add_string(struct buf *out, const char *string) {
    frame_add(out, string, strlen(string));
}

void frame_add_int(struct buf *out, int64_t value) {
    frame_add(out, &value, sizeof value);
}

void frame_end(struct buf *out) {
    if (!buf_ok(out))
        return;
    if (out->size - 4 > FRAME_MAX_BYTES) {
        out->failed = true;
        return;
    }
    uint32_t size = (uint32_t)(out->size - 4);
    memcpy(out->data, &size, sizeof size);
}

static enum status send_from(int fd, const struct buf *out, size_t done, struct error *error) {
    while (done < out->size) {
        ssize_t n = send(fd, out->data + done, out->size - done, MSG_NOSIGNAL);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            (void)poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return error_set_errno(error, errno, "cannot send a message");
        }
    }
    return STATUS_OK;
}

enum status frame_send(int fd, const struct buf *out, struct error *error) {
    if (!buf_ok(out))
        return error_set(
            error, STATUS_NO_MEMORY, "cannot send a message: out of memory or too large");
    return send_from(fd, out, 0, error);
}

enum status frame_send_descriptor(
    int fd, const struct buf *out, int descriptor, struct error *error) {
    union {
        struct cmsghdr header; /* for its alignment */
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    if (!buf_ok(out) || !out->size)
        return error_set(error, STATUS_NO_MEMORY, "cannot send a message: out of memory");
    struct iovec first = {.iov_base = out->data, .iov_len = out->size};
    struct msghdr message = {.msg_iov = &first,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    ssize_t n;
    do
        n = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_set_errno(error, errno, "cannot send a message");
    return send_from(fd, out, (size_t)n, error);
}

void frame_reader_finish(struct frame_reader *reader) {
    int descriptor = frame_reader_take_descriptor(reader);
    if (descriptor >= 0)
        (void)close(descriptor);
    buf_finish(&reader->bytes);
    buf_finish(&reader->text);
    reader->consumed = 0;
}

int frame_reader_take_descriptor(struct frame_reader *reader) {
    int descriptor = reader->has_descriptor ? reader->descriptor : -1;
    reader->has_descriptor = false;
    return descriptor;
}

static void keep_descriptors(struct frame_reader *reader, struct msghdr *message) {
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
        header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + i * sizeof descriptor, sizeof descriptor);
            int unwanted =
                reader->takes_descriptor ? frame_reader_take_descriptor(reader) : descriptor;
            if (unwanted >= 0)
                (void)close(unwanted);
            if (!reader->takes_descriptor)
                continue;
            reader->has_descriptor = true;
            reader->descriptor = descriptor;
        }
    }
}

/* recv() that takes descriptors along. */
static ssize_t receive(struct frame_reader *reader, int fd, void *data, size_t size) {
    union {
        struct cmsghdr header; /* for its alignment */
        char bytes[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = data, .iov_len = size};
    struct msghdr message = {.msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes};
    ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n >= 0)
        keep_descriptors(reader, &message);
    return n;
}

void frame_reader_feed(struct frame_reader *reader, const void *data, size_t size) {
    buf_drop_front(&reader->bytes, reader->consumed);
    reader->consumed = 0;
    buf_append(&reader->bytes, data, size);
}

enum status frame_reader_fill(struct frame_reader *reader, int fd, struct error *error) {
    char chunk[65536];
    for (size_t taken = 0; taken < FILL_BYTES;) {
        ssize_t n = receive(reader, fd, chunk, sizeof chunk);
        if (n > 0) {
            frame_reader_feed(reader, chunk, (size_t)n);
            taken += (size_t)n;
            if ((size_t)n < sizeof chunk)
                break;
        } else if (n == 0) {
            return error_set(error, STATUS_CLOSED, "the other process has gone");
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != EINTR) {
            return error_set_errno(error, errno, "cannot receive a message");
        }
    }
    if (!buf_ok(&reader->bytes))
        return error_set(error, STATUS_NO_MEMORY, "cannot receive a message: out of memory");
    return STATUS_OK;
}

enum status frame_reader_next(struct frame_reader *reader, struct frame *ret_frame) {
    size_t left = reader->bytes.size - reader->consumed;
    if (left < HEADER_BYTES)
        return STATUS_NOT_FOUND;

    const char *data = reader->bytes.data + reader->consumed;
    uint32_t size;
    struct frame frame;
    memcpy(&size, data, sizeof size);
    memcpy(&frame.type, data + 4, sizeof frame.type);
    memcpy(&frame.count, data + 6, sizeof frame.count);
    if (size < HEADER_BYTES - 4 || size > FRAME_MAX_BYTES || frame.count > FRAME_MAX_FIELDS)
        return STATUS_INVALID;
    size_t total = (size_t)size + 4;
    if (left < total)
        return STATUS_NOT_FOUND;

    buf_clear(&reader->text);
    size_t at = HEADER_BYTES;
    for (uint16_t i = 0; i < frame.count; i++) {
        uint32_t field_size;
        if (total - at < FIELD_HEADER_BYTES)
            return STATUS_INVALID;
        memcpy(&field_size, data + at, sizeof field_size);
        at += FIELD_HEADER_BYTES;
        if (total - at < field_size)
            return STATUS_INVALID;
        buf_append(&reader->text, data + at, field_size);
        buf_append_char(&reader->text, '\0');
        frame.fields[i].size = field_size;
        at += field_size;
    }
    if (at != total || !buf_ok(&reader->text))
        return STATUS_INVALID;
    /* only now: appending may have moved the text */
    size_t offset = 0;
    for (uint16_t i = 0; i < frame.count; i++) {
        frame.fields[i].data = reader->text.data + offset;
        offset += frame.fields[i].size + 1;
    }
    reader->consumed += total;
    *ret_frame = frame;
    return STATUS_OK;
}

enum status frame_receive(
    struct frame_reader *reader, int fd, struct frame *ret_frame, struct error *error) {
    for (;;) {
        enum status status = frame_reader_next(reader, ret_frame);
        if (status == STATUS_INVALID)
            return error_set(error, status, "received bytes that are no message");
        if (status == STATUS_OK)
            return status;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, -1) < 0 && errno != EINTR)
            return error_set_errno(error, errno, "cannot wait for a message");
        status = frame_reader_fill(reader, fd, error);
        if (status != STATUS_OK)
            return status;
    }
}

const char *frame_string(const struct frame *frame, size_t index) {
    return index < frame->count ? frame->fields[index].data : "";
}

int64_t frame_int(const struct frame *frame, size_t index, int64_t fallback) {
    int64_t value = fallback;
    if (index < frame->count && frame->fields[index].size == sizeof value)
        memcpy(&value, frame->fields[index].data, sizeof value);
    return value;
}
