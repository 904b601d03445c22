"""Names of system calls, by what they are for. What is in neither list does not exist inside."""

import os
from collections.abc import Mapping

from bot.policy.sandbox_writes import Act

FILES = """
access chdir close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate fchdir
fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstatfs fsync ioctl ftruncate
futimesat getcwd getdents getdents64 getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch lchown
lgetxattr link linkat listxattr llistxattr lremovexattr lseek lsetxattr lstat memfd_create mkdir mkdirat mknod mknodat
newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink
readlinkat readv removexattr rename renameat renameat2 rmdir sendfile setxattr splice stat statfs statx symlink
symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev
chown
"""
MEMORY = """
brk get_mempolicy madvise mbind membarrier mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall
munmap pkey_alloc pkey_free pkey_mprotect set_mempolicy mseal
"""
PROCESSES = """
arch_prctl capget execve execveat exit exit_group fork vfork getcpu getegid geteuid getgid getgroups getpgid getpgrp
getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid ioprio_get kill pidfd_open
pidfd_send_signal prctl prlimit64 restart_syscall rseq sched_get_priority_max sched_get_priority_min
sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity
sched_setattr sched_setparam sched_setscheduler sched_yield set_robust_list get_robust_list set_tid_address
setpgid setpriority setrlimit setsid tgkill tkill uname sysinfo times wait4 waitid seccomp landlock_create_ruleset
landlock_add_rule landlock_restrict_self
"""
IDENTITY = "setfsgid setfsuid setgid setgroups setregid setresgid setresuid setreuid setuid capset"
"""Harmless without capabilities; the launcher needs them once, to stop being root before the program starts."""
SIGNALS = """
alarm getitimer pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
rt_sigtimedwait rt_tgsigqueueinfo setitimer sigaltstack signalfd signalfd4
"""
TIME = """
clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep time timer_create timer_delete timer_getoverrun
timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime
"""
WAITING = """
epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 futex futex_requeue
futex_wait futex_waitv futex_wake poll ppoll pselect6 select
"""
SOCKETS = """
accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg
sendto setsockopt shutdown
"""
SHARED = """
mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop
semtimedop shmat shmctl shmdt shmget
"""
"""System V and POSIX queues live in the sandbox's own ipc namespace and end with it."""

MODES = """
chmod fchmod fchmodat fchmodat2 chown fchown fchownat lchown utime utimes utimensat futimesat setxattr fsetxattr
lsetxattr removexattr fremovexattr lremovexattr inotify_add_watch
"""
"""What Landlock does not hold: properties of files that the user owns anywhere on the host."""
REACH = "accept accept4 bind connect listen"
"""What a program without a network namespace must not do with a socket."""
OTHERS = (
    ("prlimit64", 0),
    ("sched_setaffinity", 0),
    ("sched_setattr", 0),
    ("sched_setparam", 0),
    ("sched_setscheduler", 0),
    ("setpriority", 1),
    ("setpgid", 0),
)
"""Calls that name a process, and which argument names it: 0 is the caller. For use without a pid namespace."""

ALLOWED = tuple(
    " ".join(
        (FILES, MEMORY, PROCESSES, IDENTITY, SIGNALS, TIME, WAITING, SOCKETS, SHARED, "getrandom io_getevents")
    ).split()
)
"""What Python, its test runners and type checkers use."""

_REFUSED = """
ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise process_mrelease
mount umount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
unshare setns
bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
add_key request_key keyctl
init_module finit_module delete_module create_module kexec_load kexec_file_load reboot
open_by_handle_at name_to_handle_at fanotify_init fanotify_mark lookup_dcookie quotactl quotactl_fd
acct swapon swapoff settimeofday clock_settime clock_adjtime adjtimex stime sethostname setdomainname
iopl ioperm modify_ldt syslog vhangup nfsservctl uselib ustat sysfs personality
move_pages migrate_pages set_mempolicy_home_node memfd_secret
"""
FORBIDDEN = tuple(_REFUSED.split())
"""Refused with EPERM: other processes' memory, mounts, namespaces, the kernel's own doors, host state."""

OPENING = {"open": 1, "openat": 2}
"""Calls that open a file, and which argument holds the flags; `openat2` hides them behind a pointer."""
WRITE_FLAGS = (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC)
_HERE = None
WRITING: Mapping[str, tuple[Act, tuple[tuple[int | None, int], ...]]] = {
    "open": (Act.OPEN, ((_HERE, 0),)),
    "openat": (Act.OPEN, ((0, 1),)),
    "openat2": (Act.OPEN, ((0, 1),)),
    "creat": (Act.OPEN, ((_HERE, 0),)),
    "truncate": (Act.OPEN, ((_HERE, 0),)),
    "mkdir": (Act.MAKE, ((_HERE, 0),)),
    "mkdirat": (Act.MAKE, ((0, 1),)),
    "mknod": (Act.MAKE, ((_HERE, 0),)),
    "mknodat": (Act.MAKE, ((0, 1),)),
    "symlink": (Act.MAKE, ((_HERE, 1),)),
    "symlinkat": (Act.MAKE, ((1, 2),)),
    "link": (Act.MAKE, ((_HERE, 1),)),
    "linkat": (Act.MAKE, ((2, 3),)),
    "rmdir": (Act.REMOVE, ((_HERE, 0),)),
    "unlink": (Act.REMOVE, ((_HERE, 0),)),
    "unlinkat": (Act.REMOVE, ((0, 1),)),
    "rename": (Act.REMOVE, ((_HERE, 0), (_HERE, 1))),
    "renameat": (Act.REMOVE, ((0, 1), (2, 3))),
    "renameat2": (Act.REMOVE, ((0, 1), (2, 3))),
}
"""Calls that write by a path: what they do, and the arguments that hold the folder (none: the working one) and path."""
