package nn

import "fmt"

// Shape is the form of one example between two layers: Height × Width positions with Channels
// features each, stored position by position, row by row. A plain vector has one position; a
// sequence has its steps along Height.
type Shape struct{ Height, Width, Channels int }

// Image is the shape of a picture.
func Image(height, width, channels int) Shape { return Shape{height, width, channels} }

// Vector is the shape of n features.
func Vector(n int) Shape { return Shape{1, 1, n} }

// Sequence is the shape of steps vectors of n features.
func Sequence(steps, n int) Shape { return Shape{steps, 1, n} }

// Positions is the number of positions.
func (s Shape) Positions() int { return s.Height * s.Width }

// Size is the number of elements.
func (s Shape) Size() int { return s.Height * s.Width * s.Channels }

func (s Shape) String() string { return fmt.Sprintf("%d×%d×%d", s.Height, s.Width, s.Channels) }

// tensor holds what flows between two layers.
type tensor struct {
	shape  Shape
	value  *strip
	delta  *strip // ∂(mean loss)/∂value; nil where it is not needed: there are no parameters before it
	shared bool   // value is read by more than one layer, so that none may work in place
}

// needed reports whether delta is needed.
func (t *tensor) needed() bool { return t.delta != nil }

// values is the i-th example's part of value.
func (t *tensor) values(i int) []float32 { return t.value.of(i) }

// deltas is the i-th example's part of delta.
func (t *tensor) deltas(i int) []float32 { return t.delta.of(i) }
