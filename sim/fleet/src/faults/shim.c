/* Put between the gateway and the C library (LD_PRELOAD) to fake what cannot be done for real.
 *
 * FAULT_NO_SYNC=1        fsync, fdatasync and their like do nothing: a disk that lies, the control
 *                        of the power cuts.
 * FAULT_CLOCK_FILE=PATH  the wall clock is off by the 64-bit number of seconds in that file, which
 *                        may change at any time; the monotonic clock is left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static int lies;
static const volatile int64_t *offset_s;
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_sync_file_range)(int, off_t, off_t, unsigned int);
static int (*real_syncfs)(int);

__attribute__((constructor)) static void begin(void) {
    real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_sync_file_range = dlsym(RTLD_NEXT, "sync_file_range");
    real_syncfs = dlsym(RTLD_NEXT, "syncfs");
    lies = getenv("FAULT_NO_SYNC") != NULL;
    const char *path = getenv("FAULT_CLOCK_FILE");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof *offset_s, PROT_READ, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED)
        offset_s = mapped;
    close(file);
}

int fsync(int file) { return lies ? 0 : real_fsync(file); }

int fdatasync(int file) { return lies ? 0 : real_fdatasync(file); }

int sync_file_range(int file, off_t offset, off_t length, unsigned int flags) {
    return lies ? 0 : real_sync_file_range(file, offset, length, flags);
}

int syncfs(int file) { return lies ? 0 : real_syncfs(file); }

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (real_clock_gettime == NULL)
        real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real_clock_gettime(clock, now);
    if (answer == 0 && offset_s != NULL && clock == CLOCK_REALTIME)
        now->tv_sec += *offset_s;
    return answer;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec exact;
    int answer = clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return answer;
}

time_t time(time_t *out) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (out != NULL)
        *out = exact.tv_sec;
    return exact.tv_sec;
}
