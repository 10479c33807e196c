// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include <malloc.h>
#include "CForward.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int forward_spawn(forward_child *child, const char *role, const char *scenario, int cpu) {
    int channel[2], output[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0) return -errno;
    if (pipe2(output, O_CLOEXEC) < 0) {
        int error = errno;
        close(channel[0]);
        close(channel[1]);
        return -error;
    }
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (cpu >= 0) {
            forward_pin(cpu);
            forward_insist();
        }
        dup2(channel[1], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        execl("/proc/self/exe", "swiftlet-bench", role, scenario, (char *)NULL);
        _exit(127);
    }
    int error = errno;
    close(channel[1]);
    close(output[1]);
    if (pid < 0) {
        close(channel[0]);
        close(output[0]);
        return -error;
    }
    *child = (forward_child){.pid = pid, .channel = channel[0], .output = output[0]};
    return 0;
}

int forward_read_line(forward_child *child, char *line, int capacity) {
    int length = 0;
    while (length < capacity - 1) {
        ssize_t got = read(child->output, line + length, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return -1;
        if (line[length] == '\n') break;
        length++;
    }
    line[length] = 0;
    return length;
}

void forward_end(forward_child *child) {
    close(child->channel);
    close(child->output);
    for (int i = 0; i < 100; i++) {
        if (waitpid(child->pid, NULL, WNOHANG) != 0) return;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
}

int64_t forward_cpu_ns(int pid) {
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *threads = opendir(path);
    if (!threads) return -1;
    int64_t sum = 0;
    for (struct dirent *one; (one = readdir(threads));) {
        long long used = 0;
        if (one->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, one->d_name);
        FILE *file = fopen(path, "r");
        if (!file) continue;
        if (fscanf(file, "%lld", &used) == 1) sum += used;
        fclose(file);
    }
    closedir(threads);
    return sum;
}

int64_t forward_rss_kb(int pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "r");
    long pages = -1;
    if (!file) return -1;
    if (fscanf(file, "%*s %ld", &pages) != 1) pages = -1;
    fclose(file);
    return pages < 0 ? -1 : pages * (sysconf(_SC_PAGESIZE) / 1024);
}

int forward_pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

void forward_prefer(void) { setpriority(PRIO_PROCESS, 0, -15); }

void forward_insist(void) {
    struct sched_param first = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_RR, &first) < 0) forward_prefer();
}

int forward_cpu(int place) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0) return -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set) && place-- == 0) return cpu;
    return -1;
}

long forward_heap_in_use(void) {
    struct mallinfo2 info = mallinfo2();
    return (long)(info.uordblks + info.hblkhd);
}
