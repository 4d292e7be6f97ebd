/* Stands between a process and the C library, where files are written: it counts the calls that
 * change files below one folder, kills the process at the one asked for, and keeps a log of them.
 *
 * Loaded with LD_PRELOAD; told what to do through ctypes (`arm`, `mark`). A write at which the
 * process is to be killed may be torn: half of its bytes are written before.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char folder[PATH_MAX];
static long calls, kill_at, torn;
static int log_to = -1;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void arm(const char *below, long at, long is_torn, const char *log)
{
    calls = 0, kill_at = at, torn = is_torn;
    if (log_to >= 0) close(log_to);
    log_to = log ? REAL(open)(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    snprintf(folder, sizeof folder, "%s", below);
}

long counted(void) { return calls; }

static int is_below(const char *path)
{
    return folder[0] && !strncmp(path, folder, strlen(folder)) && !strstr(path, "-shm");
}

static int is_ours(int file, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = folder[0] ? readlink(link, path, PATH_MAX - 1) : -1;
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static void note(char what, const char *path, const char *other, int64_t at, const void *data,
                 int64_t length)
{
    if (log_to < 0) return;
    char head[2 * PATH_MAX + 64];
    int size = snprintf(head, sizeof head, "%c\t%s\t%s\t%lld\t%lld\n", what, path, other,
                        (long long)at, (long long)length);
    REAL(write)(log_to, head, size);
    if (data && length) REAL(write)(log_to, data, length);
}

void mark(const char *text) { note('A', text, "", 0, 0, 0); }

static int is_last(void) { return ++calls == kill_at; }

static void die(void) { kill(getpid(), SIGKILL); }

#define PWRITE(name)                                                                    \
    ssize_t name(int file, const void *data, size_t length, off64_t at)                 \
    {                                                                                   \
        char path[PATH_MAX];                                                            \
        if (is_ours(file, path)) {                                                      \
            if (is_last()) {                                                            \
                if (torn) REAL(pwrite64)(file, data, length / 2, at);                   \
                die();                                                                  \
            }                                                                           \
            note('W', path, "", at, data, length);                                      \
        }                                                                               \
        return REAL(pwrite64)(file, data, length, at);                                  \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int file, const void *data, size_t length)
{
    char path[PATH_MAX];
    if (is_ours(file, path)) {
        if (is_last()) {
            if (torn) REAL(write)(file, data, length / 2);
            die();
        }
        note('W', path, "", lseek(file, 0, SEEK_CUR), data, length);
    }
    return REAL(write)(file, data, length);
}

#define SYNC(name)                                        \
    int name(int file)                                    \
    {                                                     \
        char path[PATH_MAX];                              \
        if (is_ours(file, path)) {                        \
            if (is_last()) die();                         \
            int done = REAL(name)(file);                  \
            if (!done) note('S', path, "", 0, 0, 0);      \
            return done;                                  \
        }                                                 \
        return REAL(name)(file);                          \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name)                                    \
    int name(int file, off64_t length)                    \
    {                                                     \
        char path[PATH_MAX];                              \
        if (is_ours(file, path)) {                        \
            if (is_last()) die();                         \
            note('T', path, "", length, 0, 0);            \
        }                                                 \
        return REAL(ftruncate64)(file, length);           \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int unlink(const char *path)
{
    if (is_below(path)) {
        if (is_last()) die();
        note('U', path, "", 0, 0, 0);
    }
    return REAL(unlink)(path);
}

static int linked(const char *from, const char *to)
{
    if (is_below(to)) {
        if (is_last()) die();
        note('L', from, to, 0, 0, 0);
    }
    return 0;
}

int link(const char *from, const char *to)
{
    linked(from, to);
    return REAL(link)(from, to);
}

int linkat(int a, const char *from, int b, const char *to, int flags)
{
    linked(from, to);
    return REAL(linkat)(a, from, b, to, flags);
}
