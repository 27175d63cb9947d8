/* A disk that fails once: the n-th call on a file whose path holds a word. Loaded by LD_PRELOAD; Linux only.
 *
 * FAIL_PATH  the word          FAIL_AT   which call of this process, from 1
 * FAIL_HOW   write (EIO), short (half of what was asked for is written), sync (EIO from fsync and fdatasync)
 * FAIL_MARK  a file that is made when it happened
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int seen;

static int due(int fd, const char *how)
{
    const char *word = getenv("FAIL_PATH"), *wish = getenv("FAIL_HOW"), *at = getenv("FAIL_AT"), *mark = getenv("FAIL_MARK");
    char link[64], path[4096];
    int kept = errno;
    if (!word || !wish || !at || !mark || strcmp(wish, how))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = kept;
    if (length < 0)
        return 0;
    path[length] = 0;
    if (path[0] != '/' || !strstr(path, word) || __sync_add_and_fetch(&seen, 1) != atoi(at))
        return 0;
    int told = open(mark, O_CREAT | O_WRONLY, 0600);
    if (told >= 0)
        close(told);
    errno = kept;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL do { errno = EIO; return -1; } while (0)

ssize_t write(int fd, const void *data, size_t size)
{
    if (due(fd, "write"))
        FAIL;
    return REAL(write)(fd, data, size > 1 && due(fd, "short") ? size / 2 : size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t place)
{
    if (due(fd, "write"))
        FAIL;
    return REAL(pwrite)(fd, data, size > 1 && due(fd, "short") ? size / 2 : size, place);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t place)
{
    if (due(fd, "write"))
        FAIL;
    return REAL(pwrite64)(fd, data, size > 1 && due(fd, "short") ? size / 2 : size, place);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (due(fd, "write"))
        FAIL;
    return REAL(writev)(fd, parts, count);
}

int fsync(int fd)
{
    if (due(fd, "sync"))
        FAIL;
    return REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    if (due(fd, "sync"))
        FAIL;
    return REAL(fdatasync)(fd);
}
