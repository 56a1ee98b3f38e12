package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
func openShared(file *os.File, size int) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < int64(size) {
		return nil, fmt.Errorf("a region has %d bytes, want %d", info.Size(), size)
	}
	return mapShared(int(file.Fd()), size)
}

// descriptorSockets returns two connected sockets: the host sends the descriptors of its regions on
// the first, and the plugin inherits the second.
func descriptorSockets() (host, plugin *os.File, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(pair[0]), "descriptors"), os.NewFile(uintptr(pair[1]), "descriptors"),
		nil
}

// sendDescriptor sends a region's descriptor. It does not wait for a receiver that does not
// receive. The socket is closed when the plugin ends, which may be now.
func sendDescriptor(socket *os.File, r *region) error {
	id := binary.LittleEndian.AppendUint64(nil, r.id)
	rights := unix.UnixRights(int(r.file.Fd()))
	conn, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	if err := conn.Control(func(fd uintptr) {
		for sent = unix.EINTR; sent == unix.EINTR; {
			sent = unix.Sendmsg(int(fd), id, rights, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		}
	}); err != nil {
		return err
	}
	switch sent {
	case unix.EAGAIN, unix.ETOOMANYREFS:
		return errors.New("it does not receive the descriptors of shared memory that it is sent")
	}
	return os.NewSyscallError("sendmsg", sent)
}

// inbox receives the descriptors of regions.
type inbox struct {
	socket  int
	waiting map[uint64][]*os.File // received, but not taken yet, by region
}

// newInbox returns the inbox at a descriptor that this process has inherited.
func newInbox(socket int) (*inbox, error) {
	unix.CloseOnExec(socket)
	// What is taken has been sent before; the limit ends a wait for what a wrong host does not
	// send.
	limit := unix.Timeval{Sec: 10}
	if err := unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	return &inbox{socket, map[uint64][]*os.File{}}, nil
}

// take returns a descriptor of a region, which the caller closes.
func (b *inbox) take(id uint64) (*os.File, error) {
	if b == nil {
		return nil, errors.ErrUnsupported
	}
	for len(b.waiting[id]) == 0 {
		var name [8]byte
		control := make([]byte, unix.CmsgSpace(4))
		n, m, _, _, err := unix.Recvmsg(b.socket, name[:], control, unix.MSG_CMSG_CLOEXEC)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, os.NewSyscallError("recvmsg", err)
		}
		if n == 0 {
			return nil, io.ErrUnexpectedEOF
		}
		messages, err := unix.ParseSocketControlMessage(control[:m])
		if err != nil {
			return nil, err
		}
		if len(messages) == 0 { // it did not fit
			return nil, errors.New("this process has as many files open as it may (ulimit -n)")
		}
		for i := range messages {
			fds, err := unix.ParseUnixRights(&messages[i])
			if err != nil {
				return nil, err
			}
			for _, fd := range fds {
				of := binary.LittleEndian.Uint64(name[:])
				b.waiting[of] = append(b.waiting[of], os.NewFile(uintptr(fd), "noisebench"))
			}
		}
	}
	first := b.waiting[id][0]
	if b.waiting[id] = b.waiting[id][1:]; len(b.waiting[id]) == 0 {
		delete(b.waiting, id)
	}
	return first, nil
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
