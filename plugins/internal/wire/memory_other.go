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

func openShared(string, int) ([]byte, error) { return nil, errNoSharedMemory }

// Without shared memory these are never called.

func unmapShared([]byte) {}

func futexWait(*uint32, uint32, time.Duration) {}

func futexWake(*uint32) {}

func yield() {}
