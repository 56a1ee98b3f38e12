//go:build !linux

package wire

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// hasDoorbell reports that this system has what a mailbox needs.
const hasDoorbell = false

var errNoSharedMemory = fmt.Errorf("shared memory: %w", errors.ErrUnsupported)

func createShared(int) (*os.File, []byte, error) { return nil, nil, errNoSharedMemory }

func openShared(*os.File, int) ([]byte, error) { return nil, errNoSharedMemory }

func descriptorSockets() (host, plugin *os.File, err error) { return nil, nil, nil }

func sendDescriptor(*os.File, *region) error { return errNoSharedMemory }

// inbox would receive descriptors.
type inbox struct{}

func newInbox(int) (*inbox, error) { return nil, errNoSharedMemory }

func (*inbox) take(uint64) (*os.File, error) { return nil, errNoSharedMemory }

// Without shared memory these are never called.

func unmapShared([]byte) {}

func futexWait(*uint32, uint32, time.Duration) {}

func futexWake(*uint32) {}

func yield() {}
