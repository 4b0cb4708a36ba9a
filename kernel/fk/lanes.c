#include "kernel/fk/lanes.h"

/* The first lane that leads to `number`; lanes->count when none does. */
static size_t find_lane(const struct lanes *lanes, int64_t number) {
    size_t lane = 0;
    while (lane < lanes->count && lanes->expected[lane] != number)
        lane++;
    return lane;
}

static void drop_free_lanes(struct lanes *lanes) {
    while (lanes->count && !lanes->expected[lanes->count - 1])
        lanes->count--;
}

void lanes_append_joint(struct lanes *lanes, int64_t number, struct buf *out) {
    size_t first = find_lane(lanes, number), last = first;
    for (size_t lane = first + 1; lane < lanes->count; lane++)
        if (lanes->expected[lane] == number)
            last = lane;
    if (last == first)
        return;
    for (size_t lane = 0; lane <= last || lane < lanes->count; lane++) {
        bool joins = lane < lanes->count && lanes->expected[lane] == number;
        bool inside = lane > first && lane < last;
        const char *sign = "  ";
        if (lane == first)
            sign = "├─";
        else if (joins)
            sign = lane == last ? "╯ " : "┴─";
        else if (inside)
            sign = lanes->expected[lane] ? "│─" : "──";
        else if (lane < lanes->count && lanes->expected[lane])
            sign = "│ ";
        buf_append_string(out, sign);
        if (joins && lane != first)
            lanes->expected[lane] = 0;
    }
    drop_free_lanes(lanes);
    buf_append_char(out, '\n');
}

void lanes_append_row(
    struct lanes *lanes, int64_t number, int64_t parent, const char *mark, struct buf *out) {
    size_t own = find_lane(lanes, number);
    if (own == lanes->count)
        own = find_lane(lanes, 0); /* a free lane between others, or a new one */
    if (own >= LANES_MAX)
        own = LANES_MAX - 1;
    if (own >= lanes->count)
        lanes->count = own + 1;
    for (size_t lane = 0; lane < lanes->count; lane++) {
        const char *sign = lanes->expected[lane] ? "│" : " ";
        buf_append_string(out, lane == own ? mark : sign);
        buf_append_char(out, ' ');
    }
    lanes->expected[own] = parent;
    drop_free_lanes(lanes);
}
