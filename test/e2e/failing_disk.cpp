// A disk that fills up, or turns read-only, under a running program: preloaded (LD_PRELOAD), it refuses what
// such a disk refuses, with the kernel's own errors, below the folder FAILING_DISK_FOLDER. The first byte of
// the file FAILING_DISK_SWITCH says what: '-' nothing, 'f' full (files grow no more), 'r' read-only.
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

const volatile char* map_switch() {
    static const char none = '-';
    const char* path = std::getenv("FAILING_DISK_SWITCH");
    static auto* really_open = next<int(const char*, int, ...)>("open");
    int file = path ? really_open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return &none;
    void* page = ::mmap(nullptr, 1, PROT_READ, MAP_SHARED, file, 0);
    ::close(file);
    return page == MAP_FAILED ? &none : static_cast<const char*>(page);
}

char mode() {
    static const volatile char* const position = map_switch();
    return *position;
}

bool is_below(const char* path) {
    static const char* const folder = std::getenv("FAILING_DISK_FOLDER");
    return folder && std::strncmp(path, folder, std::strlen(folder)) == 0;
}

bool is_on_disk(int file) {
    char link[64], path[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = ::readlink(link, path, sizeof path - 1);
    if (size <= 0) return false;
    path[size] = '\0';
    return is_below(path);
}

// Whether a write that ends at `end` fails, with errno set.
bool refuses(int file, off64_t end) {
    char now = mode();
    if (now == '-' || !is_on_disk(file)) return false;
    struct stat about {};
    if (now == 'f' && (::fstat(file, &about) != 0 || end <= about.st_size)) return false;
    errno = now == 'f' ? ENOSPC : EROFS;
    return true;
}

bool refuses_open(const char* path, int flags) {
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
    if (!writes || mode() != 'r' || !is_below(path)) return false;
    errno = EROFS;
    return true;
}

int mode_of(int flags, va_list& more) { return (flags & O_CREAT) ? va_arg(more, int) : 0; }

}  // namespace

extern "C" {

ssize_t pwrite64(int file, const void* data, size_t size, off64_t offset) {
    static auto* really = next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
    return refuses(file, offset + off64_t(size)) ? -1 : really(file, data, size, offset);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
    return pwrite64(file, data, size, offset);
}

ssize_t write(int file, const void* data, size_t size) {
    static auto* really = next<ssize_t(int, const void*, size_t)>("write");
    if (mode() == '-') return really(file, data, size);
    off_t position = ::lseek(file, 0, SEEK_CUR);
    return position >= 0 && refuses(file, position + off_t(size)) ? -1 : really(file, data, size);
}

int ftruncate64(int file, off64_t size) noexcept {
    static auto* really = next<int(int, off64_t)>("ftruncate64");
    return refuses(file, size) ? -1 : really(file, size);
}

int ftruncate(int file, off_t size) noexcept { return ftruncate64(file, size); }

int open64(const char* path, int flags, ...) {
    static auto* really = next<int(const char*, int, ...)>("open64");
    va_list more;
    va_start(more, flags);
    int permissions = mode_of(flags, more);
    va_end(more);
    return refuses_open(path, flags) ? -1 : really(path, flags, permissions);
}

int open(const char* path, int flags, ...) {
    static auto* really = next<int(const char*, int, ...)>("open");
    va_list more;
    va_start(more, flags);
    int permissions = mode_of(flags, more);
    va_end(more);
    return refuses_open(path, flags) ? -1 : really(path, flags, permissions);
}

}  // extern "C"
