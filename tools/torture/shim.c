/* Preloaded into a process (LD_PRELOAD): counts what it does to files under a folder, and makes one of these
   steps fail, or the process die there, or wait to be looked at. It does nothing before torture_begin.

   Steps are: opening for writing, each write, ftruncate, fsync, close of such a file; mkdir, rename, link. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, WATCH, FULL, BROKEN, READ_ONLY, KILL, HALF };
static const char *MODES[] = {"count", "watch", "full", "broken", "read-only", "kill", "half"};

/* What a step takes, so that it goes on failing on a full disk, or on one that was made read-only. */
enum { NOTHING, CHANGE, ROOM, DATA };

static char folder[PATH_MAX];
static size_t length;
static int mode, report = -1, answer = -1;
static pthread_mutex_t alone = PTHREAD_MUTEX_INITIALIZER;
static long chosen;
static atomic_long steps;
static char written_to[65536]; /* by descriptor: 1 opened for writing under the folder, 2 for reading */

/* Args: the folder; a file to log the steps to; which step; what happens there (MODES). `watch` happens at every
   step, and a byte is awaited from the pipe <log>.go before it is done, and in the middle of a write. */
void torture_begin(const char *under, const char *log, const char *step, const char *what) {
    report = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    for (mode = HALF; mode > COUNT && strcmp(MODES[mode], what); mode--);
    if (mode == WATCH) {
        char go[PATH_MAX];
        snprintf(go, sizeof go, "%s.go", log);
        answer = syscall(SYS_openat, AT_FDCWD, go, O_RDONLY | O_CLOEXEC);
    }
    chosen = atol(step);
    length = strlen(under);
    memcpy(folder, under, length + 1);
}

static int under(int at, const char *path) {
    char place[PATH_MAX] = "", link[64];
    if (!length || !path) return 0;
    if (path[0] != '/') {
        if (at == AT_FDCWD) { if (!getcwd(place, sizeof place)) return 0; }
        else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
            if (readlink(link, place, sizeof place - 1) < 0) return 0;
        }
        return !strncmp(place, folder, length) && (!place[length] || place[length] == '/');
    }
    return !strncmp(path, folder, length) && (!path[length] || path[length] == '/');
}

static int is(int fd, int kind) { return length && fd >= 0 && fd < 65536 && (written_to[fd] & kind); }

static void die(void) { syscall(SYS_kill, getpid(), SIGKILL); for (;;) pause(); }

static void tell(const char *line, int size) {
    char go;
    pthread_mutex_lock(&alone);
    if (syscall(SYS_write, report, line, size) < 0) { /* the experiment sees what is missing */ }
    if (mode == WATCH && syscall(SYS_read, answer, &go, 1) < 1) die();
    pthread_mutex_unlock(&alone);
}

/* Take note of a step; 0 where it may be, -1 (errno is set) where it fails, 1 where the
   process dies after it, 2 where half of it is done, 3 where half of it is done to be looked at. */
static int step(const char *name, const char *path, int fd, int takes) {
    char line[PATH_MAX + 64], link[64], target[PATH_MAX] = "";
    long n = atomic_fetch_add(&steps, 1) + 1;
    if (!path) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        if (readlink(link, target, sizeof target - 1) < 0) target[0] = 0;
        path = !strncmp(target, folder, length) ? target + length + 1 : target;
    }
    int size = snprintf(line, sizeof line, "%ld %s %s\n", n, name, path);
    tell(line, size);
    if (mode == COUNT || n < chosen) return 0;
    if (mode == WATCH) return takes == DATA ? 3 : 0;
    if (n > chosen) {
        if (mode == FULL && takes >= ROOM) { errno = ENOSPC; return -1; }
        if (mode == READ_ONLY && takes >= CHANGE) { errno = EROFS; return -1; }
        return 0;
    }
    if (mode == KILL) die();
    if (mode == HALF) return 1;
    if (mode == FULL && takes == DATA) return 2; /* as a disk does it: some of it still fits */
    errno = mode == FULL ? ENOSPC : mode == BROKEN ? EIO : EROFS;
    return -1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

/* A step that happens whole or not at all. */
#define WHOLE(name, path, fd, takes, call) \
    do { \
        int then = step(name, path, fd, takes); \
        if (then < 0) return -1; \
        int got = call; \
        if (then == 1) die(); \
        return got; \
    } while (0)

static int opened(int at, const char *path, int flags, int (*go)(int, const char *, int, mode_t), mode_t bits) {
    int writes = (flags & O_ACCMODE) != O_RDONLY, ours = under(at, path), then = 0;
    if (ours && writes && (then = step("open", path, -1, flags & O_CREAT ? ROOM : CHANGE)) < 0) return -1;
    int fd = go(at, path, flags, bits);
    if (then == 1) die();
    if (length && fd >= 0 && fd < 65536) written_to[fd] = ours ? (writes ? 1 : 2) : 0;
    return fd;
}

static int go(int at, const char *path, int flags, mode_t bits) { return syscall(SYS_openat, at, path, flags, bits); }

#define BITS(flags) \
    mode_t bits = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, flags); bits = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { BITS(flags) return opened(AT_FDCWD, path, flags, go, bits); }
int open64(const char *path, int flags, ...) { BITS(flags) return opened(AT_FDCWD, path, flags, go, bits); }
int openat(int at, const char *path, int flags, ...) { BITS(flags) return opened(at, path, flags, go, bits); }
int openat64(int at, const char *path, int flags, ...) { BITS(flags) return opened(at, path, flags, go, bits); }
int creat(const char *path, mode_t bits) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, go, bits); }
int creat64(const char *path, mode_t bits) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, go, bits); }

/* stdio writes from inside the C library, where none of this is seen: its files are refused or named alone. */
#define FOPEN(name) \
    FILE *name(const char *path, const char *how) { \
        REAL(FILE *, #name, const char *, const char *); \
        int then = 0; \
        if (strpbrk(how, "wa+") && under(AT_FDCWD, path) && (then = step("fopen", path, -1, ROOM)) < 0) return NULL; \
        FILE *file = real(path, how); \
        if (then == 1) die(); \
        return file; \
    }
FOPEN(fopen)
FOPEN(fopen64)

/* `call` writes n bytes, or parts, from the one numbered `from`. */
#define WRITING(name, fd, size, call) \
    do { \
        size_t n = size, from = 0; \
        if (!is(fd, 1)) return call; \
        int then = step(name, NULL, fd, DATA); \
        if (then < 0) return -1; \
        if (then) n = (size_t)(size) / 2; \
        if (then == 2 && n == 0) { errno = ENOSPC; return -1; } \
        ssize_t got = n || !(size) ? call : 0; \
        if (then == 1) die(); \
        if (then != 3 || got < 0 || got < (ssize_t)n) return got; \
        tell("half\n", 5); \
        from = n; \
        n = (size_t)(size) - from; \
        ssize_t rest = call; \
        return rest < 0 ? rest : got + rest; \
    } while (0)

ssize_t write(int fd, const void *data, size_t size) { WRITING("write", fd, size, syscall(SYS_write, fd, (const char *)data + from, n)); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    WRITING("pwrite", fd, size, syscall(SYS_pwrite64, fd, (const char *)data + from, n, at + from));
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    WRITING("pwrite", fd, size, syscall(SYS_pwrite64, fd, (const char *)data + from, n, at + from));
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    WRITING("writev", fd, count, syscall(SYS_writev, fd, parts + from, n));
}

#define ON_FILE(name, takes, kinds, arguments, call, fd) \
    int name arguments { if (!is(fd, kinds)) return call; WHOLE(#name, NULL, fd, takes, call); }
ON_FILE(ftruncate, ROOM, 1, (int fd, off_t size), syscall(SYS_ftruncate, fd, size), fd)
ON_FILE(ftruncate64, ROOM, 1, (int fd, off64_t size), syscall(SYS_ftruncate, fd, size), fd)
ON_FILE(fsync, NOTHING, 3, (int fd), syscall(SYS_fsync, fd), fd)
ON_FILE(fdatasync, NOTHING, 3, (int fd), syscall(SYS_fdatasync, fd), fd)

int close(int fd) {
    int ours = is(fd, 1), then = ours ? step("close", NULL, fd, NOTHING) : 0, problem = errno;
    if (length && fd >= 0 && fd < 65536) written_to[fd] = 0;
    int got = syscall(SYS_close, fd); /* a close that fails has closed all the same */
    if (then == 1) die();
    if (then < 0) { errno = problem; return -1; }
    return got;
}

#define ON_PATH(name, takes, at, path, arguments, call) \
    int name arguments { if (!under(at, path)) return call; WHOLE(#name, path, -1, takes, call); }
ON_PATH(mkdir, ROOM, AT_FDCWD, path, (const char *path, mode_t bits), syscall(SYS_mkdirat, AT_FDCWD, path, bits))
ON_PATH(mkdirat, ROOM, at, path, (int at, const char *path, mode_t bits), syscall(SYS_mkdirat, at, path, bits))
ON_PATH(rename, CHANGE, AT_FDCWD, to, (const char *from, const char *to), syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0))
ON_PATH(renameat, CHANGE, b, to, (int a, const char *from, int b, const char *to), syscall(SYS_renameat2, a, from, b, to, 0))
ON_PATH(link, ROOM, AT_FDCWD, to, (const char *from, const char *to), syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0))
ON_PATH(linkat, ROOM, b, to, (int a, const char *from, int b, const char *to, int flags), syscall(SYS_linkat, a, from, b, to, flags))
