// A board for a bench, loaded into hardware-io before its C library (LD_PRELOAD): a chip with two GPIO lines, a coil (0) and the mirror contact that follows it
// (1), and sysfs in a folder. Each order to the coil is written down with the time of the calls that led to it, as close to the kernel as one gets
// without one that has such chips.
//
//   BOARD_SYSTEM   the folder that stands for /sys, as far as PWM and converters go
//   BOARD_LOG      where each line goes: level, then the times of the order, of the first reading of the present voltage, and of the newest one (ns,
//                  CLOCK_MONOTONIC)
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define REAL(result, name, ...) static result (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)
#define CHIP "/dev/gpiochip0"

static int chip = -1, coil = -1, contact = -1, bell = -1, sensor = -1;
static int level;
static uint32_t edges;
static char voltage[32];
static _Atomic int64_t first_reading, newest_reading;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static const char *place(const char *path, char *buffer, size_t size) {
    const char *system = getenv("BOARD_SYSTEM");
    if (!system || (strncmp(path, "/sys/class/pwm", 14) && strncmp(path, "/sys/bus/iio", 12))) return path;
    snprintf(buffer, size, "%s%s", system, path + 4);
    return buffer;
}

static int opened(const char *path, int flags, mode_t mode, int (*real)(const char *, int, ...)) {
    char buffer[512];
    if (!strcmp(path, CHIP)) return chip = real("/dev/null", O_RDWR | O_CLOEXEC);
    int descriptor = real(place(path, buffer, sizeof buffer), flags, mode);
    if (strstr(path, "/iio:device0/in_voltage0_raw")) sensor = descriptor;
    return descriptor;
}

#define OPEN(name)                                                                  \
    int name(const char *path, int flags, ...) {                                    \
        REAL(int, #name, const char *, int, ...);                                   \
        va_list rest;                                                               \
        va_start(rest, flags);                                                      \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;     \
        va_end(rest);                                                               \
        return opened(path, flags, mode, real);                                     \
    }
OPEN(open)
OPEN(open64)

DIR *opendir(const char *path) {
    REAL(DIR *, "opendir", const char *);
    char buffer[512];
    return real(place(path, buffer, sizeof buffer));
}

int access(const char *path, int mode) {
    REAL(int, "access", const char *, int);
    char buffer[512];
    return real(place(path, buffer, sizeof buffer), mode);
}

char *realpath(const char *path, char *result) {
    REAL(char *, "realpath", const char *, char *);
    char buffer[512];
    return real(place(path, buffer, sizeof buffer), result);
}

static ssize_t sampled(int descriptor, const char *bytes, ssize_t count) {
    if (descriptor != sensor || count <= 0 || (size_t)count >= sizeof voltage) return count;
    newest_reading = now();
    if (strncmp(voltage, bytes, count) || voltage[count]) {
        memcpy(voltage, bytes, count);
        voltage[count] = 0;
        first_reading = newest_reading;
    }
    return count;
}

ssize_t pread(int descriptor, void *bytes, size_t size, off_t offset) {
    REAL(ssize_t, "pread", int, void *, size_t, off_t);
    return sampled(descriptor, bytes, real(descriptor, bytes, size, offset));
}

ssize_t pread64(int descriptor, void *bytes, size_t size, off64_t offset) {
    REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
    return sampled(descriptor, bytes, real(descriptor, bytes, size, offset));
}

static void set(int wanted) {
    static int log = -1;
    int64_t ordered = now();
    if (wanted == level) return;
    level = wanted;
    if (log < 0) log = open(getenv("BOARD_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    char line[128];
    int length = snprintf(line, sizeof line, "%d %lld %lld %lld\n", wanted, (long long)ordered, (long long)first_reading, (long long)newest_reading);
    if (write(log, line, length) != length) abort();
    edges++;
    struct gpio_v2_line_event event = {
        .timestamp_ns = ordered, .id = wanted ? GPIO_V2_LINE_EVENT_RISING_EDGE : GPIO_V2_LINE_EVENT_FALLING_EDGE, .offset = 1,
        .seqno = edges, .line_seqno = edges,
    };
    if (bell >= 0 && write(bell, &event, sizeof event) != sizeof event) abort();
}

int ioctl(int descriptor, unsigned long request, ...) {
    REAL(int, "ioctl", int, unsigned long, ...);
    va_list rest;
    va_start(rest, request);
    void *form = va_arg(rest, void *);
    va_end(rest);
    if (request == GPIO_GET_CHIPINFO_IOCTL) {
        memset(form, 0, sizeof(struct gpiochip_info));
        ((struct gpiochip_info *)form)->lines = 2;
    } else if (request == GPIO_V2_GET_LINE_IOCTL) {
        struct gpio_v2_line_request *line = form;
        if (line->config.flags & GPIO_V2_LINE_FLAG_OUTPUT) {
            line->fd = coil = eventfd(0, EFD_CLOEXEC);
        } else {
            int ends[2];
            if (pipe2(ends, O_CLOEXEC)) return -1;
            line->fd = contact = ends[0];
            bell = ends[1];
        }
    } else if (request == GPIO_V2_LINE_GET_VALUES_IOCTL && (descriptor == coil || descriptor == contact)) {
        ((struct gpio_v2_line_values *)form)->bits = level;
    } else if (request == GPIO_V2_LINE_SET_VALUES_IOCTL && descriptor == coil) {
        set(((struct gpio_v2_line_values *)form)->bits & 1);
    } else if (request != GPIO_V2_GET_LINEINFO_IOCTL || descriptor != chip) {
        return real(descriptor, request, form);
    }
    return 0;
}
