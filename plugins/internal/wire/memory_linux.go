package wire

import (
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hasDoorbell reports that this system has what a mailbox needs.
const hasDoorbell = true

// createShared makes an anonymous file of size bytes that can be neither resized nor unsealed, and
// maps it.
func createShared(size int) (*os.File, []byte, error) {
	fd, err := unix.MemfdCreate("noisebench", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil, os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(fd), "noisebench")
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		file.Close()
		return nil, nil, os.NewSyscallError("ftruncate", err)
	}
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		file.Close()
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	mem, err := mapShared(fd, size)
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, mem, nil
}

// openShared maps the file that another process made with createShared.
func openShared(path string, size int) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < int64(size) {
		return nil, fmt.Errorf("%s has %d bytes, want %d", path, info.Size(), size)
	}
	return mapShared(int(file.Fd()), size)
}

func mapShared(fd, size int) ([]byte, error) {
	mem, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return mem, os.NewSyscallError("mmap", err)
}

func unmapShared(mem []byte) {
	if err := unix.Munmap(mem); err != nil {
		panic(fmt.Sprintf("wire: munmap: %v", err))
	}
}

// futexWait sleeps while *word is old, until it is woken or the time is up; 0 means no limit. It
// may return early.
func futexWait(word *uint32, old uint32, limit time.Duration) {
	var timeout *unix.Timespec
	if limit > 0 {
		t := unix.NsecToTimespec(int64(limit))
		timeout = &t
	}
	const futexWaitOp = 0
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWaitOp, uintptr(old),
		uintptr(unsafe.Pointer(timeout)), 0, 0)
}

// futexWake wakes one that sleeps on word.
func futexWake(word *uint32) {
	const futexWakeOp = 1
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWakeOp, 1, 0, 0, 0)
}

// yield lets another thread that is ready run on this processor first.
func yield() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
