package nn

import "slices"

// strip is room for size numbers of each of some examples.
type strip struct {
	size int
	// The stages between which, and in which, it is in use on the way back. Without a stage it needs no room.
	from, to int
	used     bool
	offset   int // in an arena, for one example
	data     []float32
	examples int
}

// of is the i-th example's part. Where there is room for fewer examples than a slice has, those of the chunk that the
// way back has come to take the places of earlier ones.
func (s *strip) of(i int) []float32 { return s.data[i%s.examples*s.size:][:s.size] }

// use says that a stage writes or reads the strip.
func (s *strip) use(stage int) {
	if !s.used {
		s.from, s.to, s.used = stage, stage, true
	}
	s.from, s.to = min(s.from, stage), max(s.to, stage)
}

// arena is memory that strips share, those that are in use at different times the same part of it.
type arena struct {
	strips []*strip
	size   int // for one example
	data   []float32
}

// plan gives each strip the first place that no other needs at the same time.
func (a *arena) plan() {
	for i, s := range a.strips {
		var busy []*strip
		for _, o := range a.strips[:i] {
			if o.from <= s.to && s.from <= o.to {
				busy = append(busy, o)
			}
		}
		slices.SortFunc(busy, func(x, y *strip) int { return x.offset - y.offset })
		s.offset = 0
		for _, o := range busy {
			if s.offset+s.size <= o.offset {
				break
			}
			s.offset = max(s.offset, o.offset+o.size)
		}
		a.size = max(a.size, s.offset+s.size)
	}
}

// grow makes room for n examples.
func (a *arena) grow(n int) {
	a.data = room(a.data, n*a.size)
	for _, s := range a.strips {
		s.data, s.examples = a.data[n*s.offset:][:n*s.size], n
	}
}

// memory holds what flows through a network.
type memory struct {
	kept   []*strip // from the way forward to the way back
	passed []*strip // on the way back
	whole  arena    // passed from stage to stage, for all examples of a slice
	part   arena    // passed within a stage, for the examples of a chunk
	other  int      // bytes of an example that layers keep in forms of their own
}

// keep adds a strip that holds its contents until the examples are through.
func (m *memory) keep(size int) *strip {
	s := &strip{size: size}
	m.kept = append(m.kept, s)
	return s
}

// pass adds a strip that is in use on the way back only.
func (m *memory) pass(size int) *strip {
	s := &strip{size: size}
	m.passed = append(m.passed, s)
	return s
}

// plan decides where strips are, once all stages are known.
func (m *memory) plan(stages []*stage) {
	for _, s := range m.passed {
		switch {
		case !s.used:
		case s.from == s.to && stages[s.from].all == nil:
			m.part.strips = append(m.part.strips, s)
			stages[s.from].chunked = true
		default:
			m.whole.strips = append(m.whole.strips, s)
		}
	}
	m.whole.plan()
	m.part.plan()
}

// grow makes room for slices of n examples, whose chunks have some of them.
func (m *memory) grow(n, chunk int) {
	for _, s := range m.kept {
		s.data, s.examples = room(s.data, n*s.size), n
	}
	m.whole.grow(n)
	m.part.grow(min(n, chunk))
}

// bytes is how much one more example of a slice takes, and one more of a chunk.
func (m *memory) bytes() (slice, chunk int) {
	for _, s := range m.kept {
		slice += 4 * s.size
	}
	return slice + 4*m.whole.size + m.other, 4 * m.part.size
}

// room returns a slice of n elements, buf itself if it is large enough.
func room[T any](buf []T, n int) []T {
	if cap(buf) >= n {
		return buf[:n]
	}
	return make([]T, n)
}
