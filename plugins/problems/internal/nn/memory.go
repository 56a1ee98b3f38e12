package nn

import (
	"slices"

	"noisebench/plugins/internal/simd"
)

// strip is room for size numbers of each of some examples.
type strip struct {
	size       int
	from, to   int  // the first and the last stage that use it
	used       bool // by any stage; otherwise it needs no room
	forward    bool // on the way forward only
	start, end int  // when it is in use
	offset     int  // in an arena, for one example
	data       []float32
	examples   int
}

// of is the i-th example's part. Where there is room for fewer examples than a slice has, those of
// the chunk that the backward pass has come to take the places of earlier ones.
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
			if o.start <= s.end && s.start <= o.end {
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
	a.data = room(a.data, n*a.size+simd.Columns) // products read a little beyond the last strip
	for _, s := range a.strips {
		s.data, s.examples = a.data[n*s.offset:][:n*s.size], n
	}
}

// memory holds what flows through a network.
type memory struct {
	kept   []*strip // from the forward pass to the backward pass
	passed []*strip // in the backward pass
	whole  arena    // for all examples of a slice
	part   arena    // for the examples of a chunk: what is passed within a stage
	other  int      // bytes of an example that layers keep in forms of their own
}

// keep adds a strip that holds its contents from the next stage's way forward to its way back.
func (m *memory) keep(size int) *strip {
	s := &strip{size: size}
	m.kept = append(m.kept, s)
	return s
}

// pass adds a strip that is in use in the backward pass only.
func (m *memory) pass(size int) *strip {
	s := &strip{size: size}
	m.passed = append(m.passed, s)
	return s
}

// use says that a stage uses these tensors, and what else was added since the stage before.
func (m *memory) use(stage int, tensors []*tensor) {
	for _, t := range tensors {
		t.value.use(stage)
		if t.needed() {
			t.delta.use(stage)
		}
	}
	for i := len(m.kept) - 1; i >= 0 && !m.kept[i].used; i-- {
		m.kept[i].use(stage)
	}
}

// plan decides where strips are, once all stages are known. Time is counted in stages, forward and
// back.
func (m *memory) plan(stages []*stage) {
	back := func(stage int) int { return 2*len(stages) - 1 - stage }
	for _, s := range m.kept {
		s.start, s.end = s.from, back(s.from)
		if s.forward {
			s.end = s.to
		}
		m.whole.strips = append(m.whole.strips, s)
	}
	for _, s := range m.passed {
		s.start, s.end = back(s.to), back(s.from)
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
	m.whole.grow(n)
	m.part.grow(min(n, chunk))
}

// bytes is how much one more example of a slice takes, and one more of a chunk.
func (m *memory) bytes() (slice, chunk int) {
	return 4*m.whole.size + m.other, 4 * m.part.size
}

// room returns a slice of n elements, buf itself if it is large enough.
func room[T any](buf []T, n int) []T {
	if cap(buf) >= n {
		return buf[:n]
	}
	return make([]T, n)
}
