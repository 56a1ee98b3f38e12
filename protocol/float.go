package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Float is the element type of points, gradients and variances.
type Float interface{ float32 | float64 }

// DType is the name of an element type: networks use Float32, convex and exact problems Float64.
type DType string

// The element types.
const (
	Float32 DType = "float32"
	Float64 DType = "float64"
)

// Size returns the size of one element in bytes.
func (d DType) Size() int {
	if d == Float32 {
		return 4
	}
	return 8
}

// DTypeOf returns the DType of T.
func DTypeOf[T Float]() DType {
	var zero T
	if _, ok := any(zero).(float32); ok {
		return Float32
	}
	return Float64
}

// Finite reports whether v is neither NaN nor an infinity.
func Finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Number is a float64 that JSON can represent for every value: NaN and the infinities are written
// as the strings "NaN", "+Inf" and "-Inf", all other values as the shortest decimal with the same
// bits.
type Number float64

// MarshalJSON writes n.
func (n Number) MarshalJSON() ([]byte, error) {
	v := float64(n)
	switch {
	case math.IsNaN(v):
		return []byte(`"NaN"`), nil
	case math.IsInf(v, 1):
		return []byte(`"+Inf"`), nil
	case math.IsInf(v, -1):
		return []byte(`"-Inf"`), nil
	}
	return json.Marshal(v)
}

// UnmarshalJSON reads the output of MarshalJSON.
func (n *Number) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '"' {
		switch string(b) {
		case `"NaN"`:
			*n = Number(math.NaN())
		case `"+Inf"`:
			*n = Number(math.Inf(1))
		case `"-Inf"`:
			*n = Number(math.Inf(-1))
		default:
			return fmt.Errorf(`number is %s, want a decimal, "NaN", "+Inf" or "-Inf"`, b)
		}
		return nil
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("number is %s, want a decimal", b)
	}
	*n = Number(v)
	return nil
}
