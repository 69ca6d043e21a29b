// Linux headers that the Glibc module does not expose. Headers only: nothing is linked.
#pragma once
#include <fcntl.h>
#include <linux/gpio.h>
#include <linux/input.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/serial.h>
#include <netdb.h>
#include <net/if.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>

// The kernel's own form of a terminal's settings, which takes any speed (<asm/termbits.h>, which cannot be included beside <termios.h>: both
// define the same names). The numbers of the calls contain the size of the structure, so that the kernel refuses one of another size.
struct linux_termios2 {
    unsigned int c_iflag;
    unsigned int c_oflag;
    unsigned int c_cflag;
    unsigned int c_lflag;
    unsigned char c_line;
    unsigned char c_cc[19];
    unsigned int c_ispeed;
    unsigned int c_ospeed;
};
static const unsigned int LINUX_BOTHER = 0010000;
static const unsigned long LINUX_TCGETS2 = _IOR('T', 0x2A, struct linux_termios2);
static const unsigned long LINUX_TCSETS2 = _IOW('T', 0x2B, struct linux_termios2);

// Numbers made by macros with arguments, which Swift does not import.
static const unsigned long LINUX_EVIOCGRAB = EVIOCGRAB;
static const unsigned long LINUX_GPIO_GET_CHIPINFO = GPIO_GET_CHIPINFO_IOCTL;
static const unsigned long LINUX_GPIO_V2_GET_LINEINFO = GPIO_V2_GET_LINEINFO_IOCTL;
static const unsigned long LINUX_GPIO_V2_GET_LINE = GPIO_V2_GET_LINE_IOCTL;
static const unsigned long LINUX_GPIO_V2_LINE_GET_VALUES = GPIO_V2_LINE_GET_VALUES_IOCTL;
static const unsigned long LINUX_GPIO_V2_LINE_SET_VALUES = GPIO_V2_LINE_SET_VALUES_IOCTL;
