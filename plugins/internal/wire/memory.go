package wire

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// alignment of what Memory.Alloc returns, in bytes: a cache line, and more than any vector
// register.
const alignment = 64

// littleEndian is a condition for everything here: vectors travel as the machine keeps them.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// bytesOf returns the bytes of v without copying.
func bytesOf[T protocol.Float | int](v []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(zero)))
}

// elementsOf returns the elements in b, whose address must be a multiple of their size, without
// copying.
func elementsOf[T protocol.Float | int](b []byte) []T {
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}

func addressOf(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// Memory is the host's shared memory: the regions that plugins can map.
type Memory struct {
	shared  bool
	mu      sync.RWMutex
	regions []*region // in the order of their addresses
}

// NewMemory returns an empty memory. If shared is false, or where the system cannot share memory,
// it allocates ordinary memory that no plugin can map.
func NewMemory(shared bool) *Memory { return &Memory{shared: shared && littleEndian} }

// region is one piece of shared memory of the host: an anonymous file that no one can resize.
type region struct {
	id    uint64
	mem   []byte
	file  *os.File
	freed atomic.Bool
}

var lastRegion atomic.Uint64

// newRegion makes a region of at least size bytes, zeroed.
func newRegion(size int) (*region, error) {
	page := os.Getpagesize()
	if size < 1 || size > 1<<46 {
		return nil, fmt.Errorf("shared memory of %d bytes", size)
	}
	size = (size + page - 1) / page * page
	file, mem, err := createShared(size)
	if err != nil {
		return nil, err
	}
	return &region{id: lastRegion.Add(1), mem: mem, file: file}, nil
}

func (r *region) wire() *pb.Region {
	return &pb.Region{Id: r.id, Size: uint64(len(r.mem))}
}

// offset returns where v lies in r.
func (r *region) offset(v []byte) (uint64, bool) {
	if r.freed.Load() {
		return 0, false
	}
	start, at := addressOf(r.mem), addressOf(v)
	if at < start || at-start > uintptr(len(r.mem)) ||
		uintptr(len(v)) > uintptr(len(r.mem))-(at-start) {
		return 0, false
	}
	return uint64(at - start), true
}

// free unmaps r here. Plugins that have mapped it keep the pages until they unmap them.
func (r *region) free() {
	if !r.freed.Swap(true) {
		unmapShared(r.mem)
		r.file.Close()
	}
}

// Alloc returns zeroed memory, and a function that frees it; after that it must not be used.
func (m *Memory) Alloc(size int) (mem []byte, free func()) {
	if size < 0 {
		panic(fmt.Sprintf("plugins: Alloc of %d bytes", size))
	}
	if m.shared && size > 0 {
		// If the system has no shared memory left, ordinary memory serves as well, only slower.
		if r, err := newRegion(size); err == nil {
			m.add(r)
			return r.mem[:size:size], func() { m.remove(r) }
		}
	}
	plain := make([]byte, size+alignment)
	skip := int(-addressOf(plain) % alignment)
	return plain[skip : skip+size : skip+size], func() {}
}

func (m *Memory) add(r *region) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, _ := slices.BinarySearchFunc(m.regions, r, byAddress)
	m.regions = slices.Insert(m.regions, i, r)
}

func (m *Memory) remove(r *region) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.Index(m.regions, r); i >= 0 {
		m.regions = slices.Delete(m.regions, i, i+1)
		r.free()
	}
}

func byAddress(a, b *region) int { return cmp.Compare(addressOf(a.mem), addressOf(b.mem)) }

// find returns the region that v lies in, or nil.
func (m *Memory) find(v []byte) *region {
	m.mu.RLock()
	defer m.mu.RUnlock()
	i, found := slices.BinarySearchFunc(m.regions, addressOf(v), func(r *region, at uintptr) int {
		return cmp.Compare(addressOf(r.mem), at)
	})
	if !found {
		i--
	}
	if i >= 0 {
		if _, ok := m.regions[i].offset(v); ok {
			return m.regions[i]
		}
	}
	return nil
}

// mappings are the host's regions that a plugin has mapped, each once, however many sessions use
// it.
type mappings struct {
	mu    sync.Mutex
	byID  map[uint64]*mapping
	inbox *inbox // nil: the host sends no descriptors
}

type mapping struct {
	mem   []byte
	users int
}

// acquire maps a region, whose descriptor the host has sent, or counts one more user of it.
func (m *mappings) acquire(r *pb.Region) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	file, err := m.inbox.take(r.GetId())
	if err != nil {
		return nil, fmt.Errorf("receive the host's memory: %w", err)
	}
	defer file.Close()
	known := m.byID[r.GetId()]
	if known == nil {
		size, err := whole(r.GetSize())
		if err != nil {
			return nil, err
		}
		mem, err := openShared(file, size)
		if err != nil {
			return nil, fmt.Errorf("map the host's memory: %w", err)
		}
		known = &mapping{mem: mem}
		m.byID[r.GetId()] = known
	}
	known.users++
	return known.mem, nil
}

// release takes back one acquire.
func (m *mappings) release(id uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.byID[id]
	if known.users--; known.users == 0 {
		unmapShared(known.mem)
		delete(m.byID, id)
	}
}
