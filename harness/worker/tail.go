package worker

import (
	"strings"
	"sync"
)

// tail keeps the last of what is written to it.
type tail struct {
	mu   sync.Mutex
	data []byte
}

const tailSize = 500 // bytes

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if n := len(t.data); n > tailSize {
		t.data = append(t.data[:0], t.data[n-tailSize:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.data))
}
