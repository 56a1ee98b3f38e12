package results

import (
	"cmp"
	"crypto/sha256"
	"hash/crc32"
	"slices"
)

// indexBuilder makes a file of the index.
type indexBuilder struct {
	numbers map[string]uint32 // of texts
	texts   []string
	entries map[[sha256.Size]byte]built // by ID
	columns int                         // of texts, those of columns
	data    []byte                      // of the entries
	known   *shared
	window  window // on files that are copied
}

// built is an entry of the file that is made.
type built struct {
	changed        int64 // of its stamp
	offset, length int   // in data
}

func newIndexBuilder() *indexBuilder {
	return &indexBuilder{
		numbers: map[string]uint32{}, entries: map[[sha256.Size]byte]built{}, known: newShared(),
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

// add adds an entry. Its columns are in rest if there is no text of them.
func (b *indexBuilder) add(id [sha256.Size]byte, at stamp, texts [numTexts][]byte, rest []byte) {
	start := len(b.data)
	b.data = append(b.data, id[:]...)
	for _, v := range []uint64{uint64(at.size), uint64(at.modified), uint64(at.changed), at.inode} {
		b.data = little.AppendUint64(b.data, v)
	}
	b.data = little.AppendUint32(b.data, 0) // the checksum
	for n, text := range texts {
		number := uint32(ownColumns)
		if n != textColumns || text != nil {
			number = b.number(text)
		}
		b.data = little.AppendUint32(b.data, number)
	}
	b.data = append(b.data, rest...)
	all := b.data[start:]
	e := entry{all[:sha256.Size], all[sha256.Size : sha256.Size+stampSize], all[entryHeader:]}
	little.PutUint32(all[sha256.Size+stampSize:], e.sum())
	b.entries[id] = built{at.changed, start, len(all)}
}

// learn adds the record r in data, unless it has what an entry cannot hold.
func (b *indexBuilder) learn(id string, at stamp, data []byte, r *Record) {
	name, ok := ParseID(id)
	if !ok {
		return
	}
	texts, rest, outline, ok := encodeEntry(data, r)
	if !ok {
		return
	}
	// Texts are kept in memory: columns that few records share, as where an optimizer chooses the
	// batch size, are better in the entry.
	if columns := texts[textColumns]; b.shares(columns) {
		b.number(columns)
	} else {
		rest = append(appendText(nil, string(columns)), rest...)
		texts[textColumns] = nil
	}
	// What comes back has to be the record, whatever its file holds.
	whole := make([]byte, 4*numTexts, 4*numTexts+len(rest))
	if texts[textColumns] == nil {
		little.PutUint32(whole[4*textColumns:], ownColumns)
	}
	var back Record
	if !decodeEntry(append(whole, rest...),
		func([numTexts]uint32) *common {
			return decodeCommon(texts, decodeColumns(texts[textColumns]), b.known)
		}, true, &back) ||
		!sameRecord(r, &back) || !sameOutline(outline, back.Trace) {
		return
	}
	b.add(name, at, texts, rest)
}

// shares reports whether columns are to be a text: they are one, or few are.
func (b *indexBuilder) shares(columns []byte) bool {
	if _, known := b.numbers[string(columns)]; known {
		return true
	}
	if b.columns > 64+len(b.entries)/16 {
		return false
	}
	b.columns++
	return true
}

// copy adds entry k of a file, unless there is a later one of that record or it is damaged.
func (b *indexBuilder) copy(f *indexFile, k int) {
	e, ok := f.read(k, &b.window)
	if !ok || len(e.data) < 4*numTexts {
		return
	}
	id, at := [sha256.Size]byte(e.id), e.stamp()
	if other, known := b.entries[id]; known && other.changed >= at.changed {
		return
	}
	var texts [numTexts][]byte
	for n := range texts {
		texts[n] = f.text(little.Uint32(e.data[4*n:])) // nil for ownColumns
	}
	b.add(id, at, texts, e.data[4*numTexts:])
}

// bytes is the file.
func (b *indexBuilder) bytes() []byte {
	size := 0
	for _, text := range b.texts {
		size += 4 + len(text)
	}
	begin := headSize + len(b.entries)*placeSize + size // of the entries
	all := make([]byte, 0, begin+len(b.data))
	all = append(all, magic...)
	want := layout()
	all = append(all, want[:]...)
	all = little.AppendUint32(all, uint32(len(b.entries)))
	all = little.AppendUint32(all, uint32(len(b.texts)))
	all = little.AppendUint64(all, uint64(size))
	all = little.AppendUint32(all, 0) // the checksum
	var places []place
	for id, e := range b.entries {
		places = append(places, place{little.Uint64(id[:]), uint32(begin + e.offset), uint32(e.length)})
	}
	slices.SortFunc(places, func(p, q place) int { return cmp.Compare(p.offset, q.offset) })
	for _, p := range places {
		all = little.AppendUint32(little.AppendUint32(little.AppendUint64(all, p.id), p.offset), p.length)
	}
	for _, text := range b.texts {
		all = append(little.AppendUint32(all, uint32(len(text))), text...)
	}
	sum := crc32.Update(crc32.Checksum(all[:headSize-4], castagnoli), castagnoli, all[headSize:])
	little.PutUint32(all[headSize-4:], sum)
	return append(all, b.data...)
}
