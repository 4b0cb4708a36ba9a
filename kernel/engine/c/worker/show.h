/*
 * Called by the code that the language service generates for a cell's last expression: the pieces
 * of its text, value by value, then fk_show_end(). The compiled cells find these by name.
 */
#ifndef FORKERNEL_ENGINE_C_SHOW_H
#define FORKERNEL_ENGINE_C_SHOW_H

void fk_show_text(const char *text);
void fk_show_int(long long value);
void fk_show_unsigned(unsigned long long value);
void fk_show_int128(unsigned long long high, unsigned long long low, int is_signed);
void fk_show_bool(int value);
void fk_show_char(int value);
/* `digits`: the fewest that are sure to tell two values of the type apart. */
void fk_show_float(double value, int is_float);
void fk_show_long_double(long double value);
void fk_show_pointer(const char *type, const void *value);
void fk_show_string(const char *type, const char *value);       /* NUL-terminated */
void fk_show_characters(const char *value, unsigned long size); /* an array */
void fk_show_end(void);

#endif
