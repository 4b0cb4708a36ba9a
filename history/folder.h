/* Reading a folder, with a descriptor for the calls that take one. Internal to history/. */
#ifndef FORKERNEL_HISTORY_FOLDER_H
#define FORKERNEL_HISTORY_FOLDER_H

#include <dirent.h>

/* Close with closedir(), which takes the descriptor along. NULL: errno says why. */
DIR *folder_open(const char *path, int *ret_fd);

#endif
