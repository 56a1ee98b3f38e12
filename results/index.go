package results

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"noisebench/protocol"
)

// index is a cache of what finished records hold besides their traces, in files that are read much
// faster than the records. Records stay the truth:
//
//   - Each entry names size, times and inode of the record's file as they were when that was read.
//     It is used only while the file has them, so that a record that was changed, replaced or
//     removed is read, or missed, as if there were no index.
//   - A file that changed less than settleTime before it was read is not indexed: its times might
//     not tell a later change from that one. They are compared with the clock of this machine;
//     where it differs from the file system's, nothing is indexed.
//   - Table and entries have checksums, and what does not fit them is as good as absent.
//   - An index file is never changed, only made and removed as a whole, so that any number of
//     processes may write, merge and read at the same time; at worst something is indexed twice.
//
// On file systems of other machines (NFS), times of a file may be some seconds old, or as old as
// the mount's actimeo, when another machine changes or removes a record; what is added is found at
// once.
//
// A file has a head, a table of its entries sorted by ID, texts that many records share, and the
// entries.
type index struct {
	store *Store

	mu     sync.Mutex
	loaded bool
	files  []*indexFile
	places map[uint64]indexPlace // by the beginnings of IDs
	fresh  *indexBuilder         // what is to be saved
}

// indexPlace is an entry of a file.
type indexPlace struct{ file, entry uint32 }

// Limits of the index.
const (
	indexMost = 16 << 20 // bytes of entries: a file with more is not merged with others
	clockSlip = 30 * time.Second
)

// Smaller in tests.
var (
	indexLeast = 1000        // records that were read from their files before an index is written
	settleTime = time.Minute // see index
)

// stamp tells versions of a file apart.
type stamp struct {
	size, modified, changed int64 // bytes; nanoseconds since 1970
	inode                   uint64
}

// indexFile is a file of the index.
type indexFile struct {
	path   string
	file   *os.File
	table  []byte // of entrySize bytes each
	texts  [][]byte
	length int64 // of the entries, in bytes
	stale  int   // entries that were looked up and are of no more use
}

const (
	// magic, layout, entries, texts, bytes of the texts, checksum
	headSize  = 8 + sha256.Size + 4 + 4 + 8 + 4
	entrySize = sha256.Size + 4*8 + 8 + 4 + 4 // ID, stamp, offset, length, checksum
	magic     = "nbindex\n"
	extension = ".index"
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
	b.WriteString("1")
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

// lookup returns a record from the index.
func (x *index) lookup(id, path string) (*Record, bool) {
	if !hasStamps {
		return nil, false
	}
	var name [sha256.Size]byte
	if n, err := hex.Decode(name[:], []byte(id)); err != nil || n != len(name) {
		return nil, false
	}
	f, k, found := x.find(&name)
	if !found {
		return nil, false
	}
	if now, err := stampOf(path); err != nil || now != f.stamp(k) {
		x.mu.Lock()
		f.stale++
		x.mu.Unlock()
		return nil, false
	}
	r := new(Record)
	if !f.decode(k, x.store.known, r) {
		return nil, false
	}
	return r, true
}

func (x *index) find(id *[sha256.Size]byte) (f *indexFile, k int, found bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.load()
	at, found := x.places[little.Uint64(id[:])]
	if !found {
		return nil, 0, false
	}
	f, k = x.files[at.file], int(at.entry)
	return f, k, bytes.Equal(f.entry(k)[:sha256.Size], id[:])
}

// load reads the tables of all files, once.
func (x *index) load() {
	if x.loaded {
		return
	}
	x.loaded = true
	x.places = map[uint64]indexPlace{}
	names, _ := filepath.Glob(filepath.Join(globEscape(x.store.dir), "index", "*"+extension))
	for _, name := range names {
		if f, err := openIndexFile(name); err == nil {
			x.add(f)
		}
	}
}

// globEscape escapes what has a meaning in patterns.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func (x *index) add(f *indexFile) {
	for k := range f.count() {
		id := little.Uint64(f.entry(k))
		if at, known := x.places[id]; known {
			other := x.files[at.file]
			if other.stamp(int(at.entry)).changed > f.stamp(k).changed {
				f.stale++ // what it has is of before the record changed
				continue
			}
			other.stale++
		}
		x.places[id] = indexPlace{uint32(len(x.files)), uint32(k)}
	}
	x.files = append(x.files, f)
}

// learn remembers a record that was read from a file with this stamp, for save.
func (x *index) learn(id string, at stamp, data []byte, r *Record) {
	newest := time.Unix(0, max(at.modified, at.changed))
	if !hasStamps || r.Imported != nil || time.Since(newest) < settleTime {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.load()
	if x.fresh == nil {
		x.fresh = newIndexBuilder()
	}
	x.fresh.learn(id, at, data, r)
	if len(x.fresh.data) > indexMost {
		_ = x.save()
	}
}

// SaveIndex writes an index of the records that were read and are in none, if that pays off, so
// that they are read faster the next time. Errors do not matter: the index is a cache.
func (s *Store) SaveIndex() {
	x := &s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fresh != nil && len(x.fresh.entries) >= indexLeast {
		_ = x.save()
	}
}

// save writes what is fresh, and with it what files hold that are not much larger; files that are
// mostly of no use are removed.
func (x *index) save() error {
	b := x.fresh
	x.fresh = nil
	dir := filepath.Join(x.store.dir, "index")
	if err := x.store.makeDir(dir); err != nil {
		return err
	}
	if !clockFits(x.store) {
		return errors.New("the clock of the file system is not that of this machine")
	}
	// The smaller files first: each record is so written a few times at most.
	slices.SortFunc(x.files, func(f, g *indexFile) int { return cmp.Compare(f.length, g.length) })
	var merged []*indexFile
	for _, f := range x.files {
		if 2*f.stale > f.count() { // of a folder that was copied, say
			merged = append(merged, f)
			continue
		}
		if f.length > 2*int64(len(b.data)) || len(b.data)+int(f.length) > indexMost {
			continue
		}
		for k := range f.count() {
			b.copy(f, k)
		}
		merged = append(merged, f)
	}
	path := filepath.Join(dir, fmt.Sprintf("%016x%s", rand.Uint64(), extension))
	err := x.store.replace("index", path, b.bytes())
	if err == nil {
		for _, f := range merged {
			_ = os.Remove(f.path)
		}
	}
	x.loaded, x.files, x.places = false, nil, nil
	return err
}

// clockFits reports whether the times of new files are those of this machine's clock.
func clockFits(s *Store) bool {
	probe, err := s.writeTemporary("clock", nil)
	if err != nil {
		return false
	}
	defer probe.remove()
	info, err := probe.file.Stat()
	return err == nil && time.Since(info.ModTime()).Abs() < clockSlip
}

// openIndexFile opens a file and reads all but its entries.
func openIndexFile(path string) (f *indexFile, err error) {
	file, err := OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	f = &indexFile{path: path, file: file}
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
	if size > math.MaxInt32 || headSize+entries*entrySize+int64(size) > info.Size() ||
		texts > int64(size) {
		return nil, damaged
	}
	body := make([]byte, entries*entrySize+int64(size))
	if _, err := f.file.ReadAt(body, headSize); err != nil {
		return nil, err
	}
	if crc32.Update(crc32.Checksum(head[:headSize-4], castagnoli), castagnoli, body) != sum {
		return nil, damaged
	}
	f.table = body[:entries*entrySize]
	f.texts = make([][]byte, 0, texts)
	for all := body[entries*entrySize:]; len(all) > 0; {
		if len(all) < 4 || uint64(little.Uint32(all)) > uint64(len(all)-4) {
			return nil, damaged
		}
		n := 4 + int(little.Uint32(all))
		f.texts = append(f.texts, all[4:n])
		all = all[n:]
	}
	f.length = info.Size() - headSize - int64(len(body))
	return f, nil
}

func (f *indexFile) count() int { return len(f.table) / entrySize }

func (f *indexFile) entry(k int) []byte { return f.table[k*entrySize : (k+1)*entrySize] }

func (f *indexFile) stamp(k int) stamp { return entryStamp(f.entry(k)) }

func entryStamp(e []byte) stamp {
	e = e[sha256.Size:]
	return stamp{
		size: int64(little.Uint64(e)), modified: int64(little.Uint64(e[8:])),
		changed: int64(little.Uint64(e[16:])), inode: little.Uint64(e[24:]),
	}
}

// read appends an entry's bytes to b.
func (f *indexFile) read(k int, b []byte) ([]byte, bool) {
	e := f.entry(k)[sha256.Size+4*8:]
	offset, length, sum := int64(little.Uint64(e)), int(little.Uint32(e[8:])), little.Uint32(e[12:])
	b = slices.Grow(b[:0], length)[:length]
	if _, err := f.file.ReadAt(b, offset); err != nil || crc32.Checksum(b, castagnoli) != sum {
		return b, false
	}
	return b, true
}

// The numbers of texts that begin an entry.
const (
	textRun     = iota // a Run's JSON, with a zero byte in the place of the seed's digits
	textSpec           // a ProblemSpec's JSON
	textHost           // a Host's JSON up to the start time
	textColumns        // what points have in integers, see columns
	numTexts
)

var entryBuffers = sync.Pool{New: func() any { return new([]byte) }}

// decode decodes entry k.
func (f *indexFile) decode(k int, known *shared, r *Record) bool {
	buffer := entryBuffers.Get().(*[]byte)
	defer entryBuffers.Put(buffer)
	var ok bool
	if *buffer, ok = f.read(k, *buffer); !ok {
		return false
	}
	return decodeEntry(*buffer, f.text, known, r)
}

func (f *indexFile) text(n uint32) []byte {
	if int(n) < len(f.texts) {
		return f.texts[n]
	}
	return nil
}

// decodeEntry decodes the bytes of an entry.
func decodeEntry(b []byte, text func(uint32) []byte, known *shared, r *Record) bool {
	if len(b) < 4*numTexts+8+4 {
		return false
	}
	shared := func(n int) []byte { return text(little.Uint32(b[4*n:])) }
	seed := little.Uint64(b[4*numTexts:])
	end, host := int(little.Uint16(b[4*numTexts+8:])), int(little.Uint16(b[4*numTexts+10:]))
	rest := b[4*numTexts+12:]
	if end+host > len(rest) {
		return false
	}
	var space [4096]byte
	before, after, ok := bytes.Cut(shared(textRun), []byte{0})
	if !ok {
		return false
	}
	run := append(strconv.AppendUint(append(space[:0], before...), seed, 10), after...)
	if known.run(run, &r.Run) != nil || known.spec(shared(textSpec), &r.Spec) != nil {
		return false
	}
	if !scanEnd(rest[:end], &r.End) {
		r.End = End{}
		if json.Unmarshal(rest[:end], &r.End) != nil {
			return false
		}
	}
	hostText := append(append(space[:0], shared(textHost)...), rest[end:end+host]...)
	if known.host(hostText, &r.Host) != nil {
		return false
	}
	r.Points, ok = decodePoints(shared(textColumns), rest[end+host:])
	return ok
}

// What a point has, in its columns.
const (
	hasValidation = 1 << iota
	hasTest
	metricIsLoss
)

// values are those of a point.
func (p *Point) values() (all [3]*Value) { return [3]*Value{&p.Train, p.Validation, p.Test} }

// encodePoints encodes points as integers, which runs of equal budgets have in common, and numbers.
func encodePoints(points []Point) (columns, numbers []byte) {
	columns = binary.AppendUvarint(nil, uint64(len(points)))
	for i := range points {
		p := &points[i]
		for _, v := range []int64{p.Mark, p.Seen, int64(p.Step), int64(p.BatchSize)} {
			columns = binary.AppendVarint(columns, v)
		}
		flags := byte(metricIsLoss)
		for k, v := range p.values() {
			if v == nil {
				continue
			}
			if k > 0 {
				flags |= hasValidation << (k - 1)
			}
			if math.Float64bits(float64(v.Loss)) != math.Float64bits(float64(v.Metric)) {
				flags &^= metricIsLoss
			}
		}
		columns = append(columns, flags)
		for _, v := range p.values() {
			if v == nil {
				continue
			}
			numbers = little.AppendUint64(numbers, math.Float64bits(float64(v.Loss)))
			if flags&metricIsLoss == 0 {
				numbers = little.AppendUint64(numbers, math.Float64bits(float64(v.Metric)))
			}
		}
	}
	return columns, numbers
}

func decodePoints(columns, numbers []byte) (points []Point, ok bool) {
	integer := func() int64 {
		v, n := binary.Varint(columns)
		if n <= 0 {
			columns = nil
			return -1
		}
		columns = columns[n:]
		return v
	}
	number := func() protocol.Number {
		if len(numbers) < 8 {
			ok = false
			return 0
		}
		v := math.Float64frombits(little.Uint64(numbers))
		numbers = numbers[8:]
		return protocol.Number(v)
	}
	count, n := binary.Uvarint(columns)
	if n <= 0 || count > uint64(len(columns)) {
		return nil, false
	}
	columns = columns[n:]
	points, ok = make([]Point, count), true
	var room []parts
	for i := range points {
		p := &points[i]
		p.Mark, p.Seen, p.Step, p.BatchSize = integer(), integer(), int(integer()), int(integer())
		if len(columns) == 0 {
			return nil, false
		}
		flags := columns[0]
		columns = columns[1:]
		if flags&(hasValidation|hasTest) != 0 {
			if room == nil {
				room = make([]parts, len(points))
			}
			if flags&hasValidation != 0 {
				p.Validation = &room[i].validation
			}
			if flags&hasTest != 0 {
				p.Test = &room[i].test
			}
		}
		for _, v := range p.values() {
			if v == nil {
				continue
			}
			v.Loss = number()
			v.Metric = v.Loss
			if flags&metricIsLoss == 0 {
				v.Metric = number()
			}
		}
	}
	return points, ok && len(columns) == 0 && len(numbers) == 0
}

// indexBuilder makes a file of the index.
type indexBuilder struct {
	numbers map[string]uint32 // of texts
	texts   []string
	entries map[[sha256.Size]byte][]byte // in the table
	data    []byte
	known   *shared
}

func newIndexBuilder() *indexBuilder {
	return &indexBuilder{
		numbers: map[string]uint32{}, entries: map[[sha256.Size]byte][]byte{}, known: newShared(),
	}
}

func (b *indexBuilder) number(text []byte) uint32 {
	n, known := b.numbers[string(text)]
	if !known {
		n = uint32(len(b.texts))
		b.texts = append(b.texts, string(text))
		b.numbers[string(text)] = n
	}
	return n
}

// add adds an entry to the table and to the data.
func (b *indexBuilder) add(id [sha256.Size]byte, at stamp, texts [numTexts][]byte, rest []byte) {
	start := len(b.data)
	for _, text := range texts {
		b.data = little.AppendUint32(b.data, b.number(text))
	}
	b.data = append(b.data, rest...)
	e := slices.Clone(id[:])
	for _, v := range []uint64{
		uint64(at.size), uint64(at.modified), uint64(at.changed), at.inode, uint64(start),
	} {
		e = little.AppendUint64(e, v)
	}
	e = little.AppendUint32(e, uint32(len(b.data)-start))
	b.entries[id] = little.AppendUint32(e, crc32.Checksum(b.data[start:], castagnoli))
}

// learn adds the record r in data, unless it has what an entry cannot hold.
func (b *indexBuilder) learn(id string, at stamp, data []byte, r *Record) {
	var name [sha256.Size]byte
	if n, err := hex.Decode(name[:], []byte(id)); err != nil || n != len(name) {
		return
	}
	value := map[string][]byte{}
	for line := range bytes.Lines(data) {
		if kind, v, ok := split(bytes.TrimSuffix(line, []byte("\n"))); ok && string(kind) != "point" {
			value[string(kind)] = v
		}
	}
	seed := strconv.AppendUint([]byte(`,"seed":`), r.Run.Seed, 10)
	i := bytes.LastIndex(value["run"], append(seed, `,"budget":`...))
	host, _, whole := bytes.Cut(value["host"], []byte(`},"digest":"`))
	j := bytes.LastIndex(host, []byte(`,"started":`))
	if i < 0 || j < 0 || !whole || len(value["end"]) > math.MaxUint16 ||
		len(host)-j >= math.MaxUint16 {
		return
	}
	host = append(slices.Clip(host), '}')
	i += len(`,"seed":`)
	columns, numbers := encodePoints(r.Points)
	texts := [numTexts][]byte{
		textRun:  slices.Concat(value["run"][:i], []byte{0}, value["run"][i+len(seed)-len(`,"seed":`):]),
		textSpec: value["problem"], textHost: host[:j], textColumns: columns,
	}
	rest := little.AppendUint64(nil, r.Run.Seed)
	rest = little.AppendUint16(rest, uint16(len(value["end"])))
	rest = little.AppendUint16(rest, uint16(len(host)-j))
	rest = append(append(append(rest, value["end"]...), host[j:]...), numbers...)
	// What comes back has to be the record, whatever its file holds.
	entry := make([]byte, 0, 4*numTexts+len(rest))
	for n := range texts {
		entry = little.AppendUint32(entry, uint32(n))
	}
	var back Record
	textOf := func(n uint32) []byte { return texts[n] }
	if !decodeEntry(append(entry, rest...), textOf, b.known, &back) || !sameRecord(r, &back) {
		return
	}
	b.add(name, at, texts, rest)
}

// sameRecord compares records without their traces, points bit by bit.
func sameRecord(r, s *Record) bool {
	return r.End == s.End && reflect.DeepEqual(r.Run, s.Run) && reflect.DeepEqual(r.Spec, s.Spec) &&
		reflect.DeepEqual(r.Host, s.Host) &&
		samePoints(r.Points, s.Points)
}

func samePoints(a, b []Point) bool {
	bits := func(v *Value) [3]uint64 {
		if v == nil {
			return [3]uint64{}
		}
		return [3]uint64{1, math.Float64bits(float64(v.Loss)), math.Float64bits(float64(v.Metric))}
	}
	return slices.EqualFunc(a, b, func(p, q Point) bool {
		for k, v := range p.values() {
			if bits(v) != bits(q.values()[k]) {
				return false
			}
		}
		p.Train, p.Validation, p.Test = Value{}, nil, nil
		q.Train, q.Validation, q.Test = Value{}, nil, nil
		return p == q
	})
}

// copy adds entry k of a file, unless there is a later one of that record or it is damaged.
func (b *indexBuilder) copy(f *indexFile, k int) {
	id := [sha256.Size]byte(f.entry(k))
	if e, known := b.entries[id]; known && entryStamp(e).changed >= f.stamp(k).changed {
		return
	}
	entry, ok := f.read(k, nil)
	if !ok || len(entry) < 4*numTexts {
		return
	}
	var texts [numTexts][]byte
	for n := range texts {
		texts[n] = f.text(little.Uint32(entry[4*n:]))
	}
	b.add(id, f.stamp(k), texts, entry[4*numTexts:])
}

// bytes is the file.
func (b *indexBuilder) bytes() []byte {
	size := 0
	for _, text := range b.texts {
		size += 4 + len(text)
	}
	all := make([]byte, 0, headSize+len(b.entries)*entrySize+size+len(b.data))
	all = append(all, magic...)
	want := layout()
	all = append(all, want[:]...)
	all = little.AppendUint32(all, uint32(len(b.entries)))
	all = little.AppendUint32(all, uint32(len(b.texts)))
	all = little.AppendUint64(all, uint64(size))
	all = little.AppendUint32(all, 0) // the checksum
	begin := uint64(cap(all) - len(b.data))
	for _, e := range slices.SortedFunc(maps.Values(b.entries), bytes.Compare) {
		little.PutUint64(e[sha256.Size+4*8:], begin+little.Uint64(e[sha256.Size+4*8:]))
		all = append(all, e...)
	}
	for _, text := range b.texts {
		all = append(little.AppendUint32(all, uint32(len(text))), text...)
	}
	sum := crc32.Update(crc32.Checksum(all[:headSize-4], castagnoli), castagnoli, all[headSize:])
	little.PutUint32(all[headSize-4:], sum)
	return append(all, b.data...)
}
