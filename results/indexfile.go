package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// A file of the index has, one after the other,
//
//   - a head: magic, layout, the numbers of entries and of texts, the bytes of the texts, and a
//     checksum of the file up to the entries;
//   - a table of the entries: the beginning of the ID, where the entry is, and its length;
//   - the texts that many records share, each after its length;
//   - the entries: ID, stamp, checksum of the entry, and what decodeEntry reads.
//
// Only the table and the texts are kept in memory.
const (
	headSize  = 8 + sha256.Size + 4 + 4 + 8 + 4
	placeSize = 8 + 4 + 4
	magic     = "nbindex\n"
	extension = ".index"

	stampSize   = 4 * 8
	entryHeader = sha256.Size + stampSize + 4
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	little     = binary.LittleEndian
)

// layout changes with the fields of a record, so that a version of noisebench that knows more of
// them does not use the index of one that left them out. The number changes with the format of the
// index.
var layout = sync.OnceValue(func() [sha256.Size]byte {
	var b strings.Builder
	b.WriteString("3")
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		fmt.Fprintf(&b, "(%s", t)
		switch t.Kind() {
		case reflect.Struct:
			for i := range t.NumField() {
				f := t.Field(i)
				fmt.Fprintf(&b, " %s %s", f.Name, f.Tag)
				walk(f.Type)
			}
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
			walk(t.Elem())
		}
		b.WriteString(")")
	}
	walk(reflect.TypeFor[Record]())
	return sha256.Sum256([]byte(b.String()))
})

// indexFile is a file of the index.
type indexFile struct {
	path   string
	file   *os.File
	table  []byte // of placeSize bytes each
	texts  [][]byte
	size   int64 // of the file, in bytes
	length int64 // of the entries
	stale  int   // entries that were looked up and are of no more use

	known   *shared
	mu      sync.RWMutex
	common  map[[numTexts]uint32]*common // of entries that were decoded
	columns map[uint32]*columns          // of those, by their texts
}

// openIndexFile opens a file and reads all but its entries.
func openIndexFile(path string, known *shared) (f *indexFile, err error) {
	file, err := OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	f = &indexFile{
		path: path, file: file, known: known, common: map[[numTexts]uint32]*common{},
		columns: map[uint32]*columns{},
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	damaged := fmt.Errorf("%s is damaged", path)
	// entries, one of them last, and the rest, which is smaller
	if info.Size() > 2*indexMost+maxRecord {
		return nil, damaged
	}
	head := make([]byte, headSize)
	if _, err := f.file.ReadAt(head, 0); err != nil {
		return nil, err
	}
	want := layout()
	rest, isOne := bytes.CutPrefix(head, []byte(magic))
	if !isOne || !bytes.Equal(rest[:sha256.Size], want[:]) {
		return nil, damaged
	}
	rest = rest[sha256.Size:]
	entries, texts, size := int64(little.Uint32(rest)), int64(little.Uint32(rest[4:])),
		little.Uint64(rest[8:])
	sum := little.Uint32(rest[16:])
	if size > math.MaxInt32 || headSize+entries*placeSize+int64(size) > info.Size() ||
		texts > int64(size) {
		return nil, damaged
	}
	body := make([]byte, entries*placeSize+int64(size))
	if _, err := f.file.ReadAt(body, headSize); err != nil {
		return nil, err
	}
	if crc32.Update(crc32.Checksum(head[:headSize-4], castagnoli), castagnoli, body) != sum {
		return nil, damaged
	}
	f.table = body[:entries*placeSize]
	f.texts = make([][]byte, 0, texts)
	for all := body[entries*placeSize:]; len(all) > 0; {
		if len(all) < 4 || uint64(little.Uint32(all)) > uint64(len(all)-4) {
			return nil, damaged
		}
		n := 4 + int(little.Uint32(all))
		f.texts = append(f.texts, all[4:n])
		all = all[n:]
	}
	f.size = info.Size()
	f.length = f.size - headSize - int64(len(body))
	return f, nil
}

func (f *indexFile) count() int { return len(f.table) / placeSize }

// place is an element of the table.
type place struct {
	id             uint64 // its beginning
	offset, length uint32
}

func (f *indexFile) place(k int) place {
	b := f.table[k*placeSize:]
	return place{little.Uint64(b), little.Uint32(b[8:]), little.Uint32(b[12:])}
}

// entry is an entry that was read.
type entry struct{ id, stamped, data []byte }

func (e *entry) stamp() stamp {
	return stamp{
		size: int64(little.Uint64(e.stamped)), modified: int64(little.Uint64(e.stamped[8:])),
		changed: int64(little.Uint64(e.stamped[16:])), inode: little.Uint64(e.stamped[24:]),
	}
}

// window is a part of a file that was read. The entries of a cell lie close together, so that many
// of them are read at once.
type window struct {
	file *indexFile
	from int64
	data []byte
}

const windowSize = 64 << 10 // bytes

var windows = sync.Pool{New: func() any { return new(window) }}

// bytes returns bytes of a file, until the next call. Beyond what is asked for, it reads on if that
// follows closely on what it has.
func (w *window) bytes(f *indexFile, from, length int64) ([]byte, bool) {
	end := w.from + int64(len(w.data))
	if w.file != f || from < w.from || from+length > end {
		size := length
		if w.file == f && w.from <= from && from < end+windowSize/4 {
			size = max(length, min(windowSize, f.size-from))
		}
		w.file, w.from = f, from
		w.data = slices.Grow(w.data[:0], int(size))[:size]
		if _, err := f.file.ReadAt(w.data, from); err != nil {
			w.file = nil
			return nil, false
		}
	}
	return w.data[from-w.from:][:length], true
}

// read reads entry k, which is valid until the next use of the window.
func (f *indexFile) read(k int, w *window) (e entry, ok bool) {
	at := f.place(k)
	if at.length < entryHeader || at.length > 2*indexMost+maxRecord {
		return e, false
	}
	b, ok := w.bytes(f, int64(at.offset), int64(at.length))
	if !ok {
		return e, false
	}
	e = entry{b[:sha256.Size], b[sha256.Size : sha256.Size+stampSize], b[entryHeader:]}
	return e, little.Uint32(b[sha256.Size+stampSize:]) == e.sum()
}

func (e *entry) sum() uint32 {
	sum := crc32.Checksum(e.id, castagnoli)
	sum = crc32.Update(sum, castagnoli, e.stamped)
	return crc32.Update(sum, castagnoli, e.data)
}

// changed is when the file of entry k was changed; 0 if the entry is damaged.
func (f *indexFile) changed(k int) int64 {
	e, ok := f.read(k, new(window))
	if !ok {
		return 0
	}
	return e.stamp().changed
}

func (f *indexFile) text(n uint32) []byte {
	if int64(n) < int64(len(f.texts)) {
		return f.texts[n]
	}
	return nil
}

// shared returns what the entries with these texts have in common; nil if the texts are damaged.
func (f *indexFile) shared(texts [numTexts]uint32) *common {
	f.mu.RLock()
	c, known := f.common[texts]
	columns := f.columns[texts[textColumns]]
	f.mu.RUnlock()
	if known {
		return c
	}
	var t [numTexts][]byte
	for k, n := range texts {
		t[k] = f.text(n)
	}
	if columns == nil {
		columns = decodeColumns(t[textColumns])
	}
	c = decodeCommon(t, columns, f.known)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.columns[texts[textColumns]] = columns
	if len(f.common) >= mostShared {
		clear(f.common)
	}
	f.common[texts] = c
	return c
}
