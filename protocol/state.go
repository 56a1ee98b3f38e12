package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
)

// Saver is an Optimizer that saves and restores its state in a format of its own. The proxies of
// optimizers in other processes are Savers; optimizers in Go need only be [Stateful].
type Saver interface {
	SaveState() ([]byte, error)
	RestoreState(data []byte) error
}

// SaveState returns the state of an optimizer between two steps, or before the first: that of a
// [Saver] in its own format, that of a [Stateful] in the format that [RestoreState] reads. The
// bytes belong to the caller. For other optimizers the error is errors.ErrUnsupported.
func SaveState(o any) ([]byte, error) {
	switch o := o.(type) {
	case Saver:
		return o.SaveState()
	case Stateful:
		c := stateCodec{data: []byte(stateFormat)}
		c.stateful(o)
		return c.data, c.err
	}
	return nil, fmt.Errorf("save the state of a %T, which has no method State: %w", o,
		errors.ErrUnsupported)
}

// RestoreState restores a state returned by [SaveState] in an optimizer opened for the same run.
// The optimizer then continues with the same bits as the saved one. Data that are truncated, belong
// to another optimizer, or were saved with another number of elements are errors that name both
// sides; after an error the optimizer must not be used. RestoreState does not retain data.
func RestoreState(o any, data []byte) error {
	switch o := o.(type) {
	case Saver:
		return o.RestoreState(data)
	case Stateful:
		rest, ok := bytes.CutPrefix(data, []byte(stateFormat))
		if !ok {
			return fmt.Errorf("the data are no saved state of a %T: they begin with %.20q, want "+
				"%q; restore what SaveState returned", o,
				data, stateFormat)
		}
		c := stateCodec{data: rest, reading: true}
		c.stateful(o)
		if c.err == nil && len(c.data) > 0 {
			c.errorf("the saved state has %d bytes more than that of a %T", len(c.data), o)
		}
		return c.err
	}
	return fmt.Errorf("restore the state of a %T, which has no method State: %w", o,
		errors.ErrUnsupported)
}

// stateFormat is the beginning of every saved state. The optimizer follows:
//
//	Stateful           "o", its type's name, the number of its entries, and the entries
//	list               "l", its length (all bits 1 for nil), and the elements: numbers and booleans
//	                   after a single tag, others each with its own
//	number, boolean    its tag (see tagNames) and 8 bytes; of float32 4, of bool 1
//	string             "s", its length and its bytes
//
// Lengths have 8 bytes; all numbers are little-endian.
const stateFormat = "noisebench state 1\n"

// stateCodec writes a state, or reads one into the same variables. It stops at the first error.
type stateCodec struct {
	data    []byte // written so far, or still to be read
	reading bool
	err     error
}

func (c *stateCodec) errorf(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// word writes v in size bytes, or reads and returns a number of that size.
func (c *stateCodec) word(size int, v uint64) uint64 {
	var b [8]byte
	switch {
	case c.err != nil:
	case !c.reading:
		binary.LittleEndian.PutUint64(b[:], v)
		c.data = append(c.data, b[:size]...)
	case len(c.data) < size:
		c.errorf("the saved state is cut short")
	default:
		copy(b[:], c.data[:size])
		c.data = c.data[size:]
		return binary.LittleEndian.Uint64(b[:])
	}
	return v
}

// chars writes s, or reads a string.
func (c *stateCodec) chars(s string) string {
	n := c.word(8, uint64(len(s)))
	switch {
	case c.err != nil:
		return s
	case !c.reading:
		c.data = append(c.data, s...)
		return s
	case n > uint64(len(c.data)):
		c.errorf("the saved state is cut short")
		return s
	}
	s, c.data = string(c.data[:n]), c.data[n:]
	return s
}

// count writes a number of entries or elements, or reads one and checks that it is equal.
func (c *stateCodec) count(what string, want int) {
	if got := c.word(8, uint64(want)); got != uint64(want) {
		c.errorf("the saved %s has %d, want %d; restore what was saved by the same optimizer on "+
			"the same problem", what,
			int64(got), want)
	}
}

// tag writes the kind of the following value, or reads it and checks that it is equal.
func (c *stateCodec) tag(want byte) {
	if got := byte(c.word(1, uint64(want))); got != want {
		c.errorf("the saved state has a %s where a %s belongs; restore what was saved by the "+
			"same optimizer", tagName(got),
			tagName(want))
	}
}

var tagNames = map[byte]string{
	'b': "bool", 'i': "signed integer", 'u': "unsigned integer", 'f': "float32", 'd': "float64",
	's': "string", 'l': "list",
	'o': "Stateful",
}

func tagName(tag byte) string {
	if name := tagNames[tag]; name != "" {
		return name
	}
	return fmt.Sprintf("value of unknown kind %q", tag)
}

func (c *stateCodec) stateful(s Stateful) {
	if v := reflect.ValueOf(s); v.Kind() == reflect.Pointer && v.IsNil() {
		c.errorf("the state of a %T is nil, want one that the constructor has made", s)
		return
	}
	c.tag('o')
	name := fmt.Sprintf("%T", s)
	if got := c.chars(name); got != name {
		c.errorf("the saved state is that of a %s, want that of a %s", got, name)
	}
	entries := s.State()
	c.count("number of entries of a "+name, len(entries))
	for i, entry := range entries {
		if c.err != nil {
			return
		}
		c.entry(entry)
		if c.err != nil {
			c.err = fmt.Errorf("entry %d of %s: %w", i, name, c.err)
		}
	}
}

// entry codes one of the pointers of State.
func (c *stateCodec) entry(entry any) {
	if s, ok := entry.(Stateful); ok {
		c.stateful(s)
		return
	}
	v := reflect.ValueOf(entry)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		c.errorf("it is a %T, want a pointer, or another Stateful", entry)
		return
	}
	c.value(v.Elem())
}

// value codes the variable to which a pointer of State points, or an element of it.
func (c *stateCodec) value(v reflect.Value) {
	if s, ok := statefulAt(v); ok {
		c.stateful(s)
		return
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		c.tag('l')
		c.list(v)
	case reflect.String:
		c.tag('s')
		if s := c.chars(v.String()); c.reading && c.err == nil {
			v.SetString(s)
		}
	default:
		tag := tagOf(v.Type())
		if tag == 0 {
			c.errorf("it points to a %s, want a number, boolean, string, list of these, or "+
				"another Stateful", v.Type())
			return
		}
		c.tag(tag)
		c.number(v)
	}
}

// statefulAt returns the Stateful that v is, contains or points to.
func statefulAt(v reflect.Value) (Stateful, bool) {
	if s, ok := v.Addr().Interface().(Stateful); ok {
		return s, true
	}
	s, ok := v.Interface().(Stateful)
	return s, ok
}

// tagOf returns the tag of a number or boolean, or 0.
func tagOf(t reflect.Type) byte {
	switch t.Kind() {
	case reflect.Bool:
		return 'b'
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return 'i'
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return 'u'
	case reflect.Float32:
		return 'f'
	case reflect.Float64:
		return 'd'
	}
	return 0
}

func (c *stateCodec) number(v reflect.Value) {
	switch tagOf(v.Type()) {
	case 'b':
		bit := uint64(0)
		if v.Bool() {
			bit = 1
		}
		if bit = c.word(1, bit); c.reading {
			v.SetBool(bit != 0)
		}
	case 'i':
		if n := int64(c.word(8, uint64(v.Int()))); c.reading {
			v.SetInt(n)
		}
	case 'u':
		if n := c.word(8, v.Uint()); c.reading {
			v.SetUint(n)
		}
	case 'f': // not via float64, which would change NaNs
		c.single(v.Addr().Convert(reflect.TypeFor[*float32]()).Interface().(*float32))
	case 'd':
		c.double(v.Addr().Convert(reflect.TypeFor[*float64]()).Interface().(*float64))
	}
}

func (c *stateCodec) single(p *float32) {
	if bits := uint32(c.word(4, uint64(math.Float32bits(*p)))); c.reading {
		*p = math.Float32frombits(bits)
	}
}

func (c *stateCodec) double(p *float64) {
	if bits := c.word(8, math.Float64bits(*p)); c.reading {
		*p = math.Float64frombits(bits)
	}
}

// list codes a slice or an array. A slice keeps its length, unless it is nil.
func (c *stateCodec) list(v reflect.Value) {
	const none = math.MaxUint64
	want := uint64(v.Len())
	slice := v.Kind() == reflect.Slice
	if slice && v.IsNil() {
		want = none
	}
	got := c.word(8, want)
	elem := tagOf(v.Type().Elem())
	switch {
	case c.err != nil:
		return
	case got == want:
	case slice && got == none:
		v.SetZero()
	case slice && want == none:
		if got > uint64(len(c.data)) { // every element takes at least one byte
			c.errorf("the saved state is cut short")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), int(got), int(got)))
	default:
		c.errorf("the saved %s has %d elements, want %d; restore what was saved at the same "+
			"dimension", v.Type(), int64(got), v.Len())
		return
	}
	if got == none {
		return
	}
	if elem != 0 {
		c.tag(elem)
	}
	switch s := v.Interface().(type) { // the long lists
	case []float32:
		for i := range s {
			c.single(&s[i])
		}
		return
	case []float64:
		for i := range s {
			c.double(&s[i])
		}
		return
	}
	for i := range v.Len() {
		if c.err != nil {
			return
		}
		if e := v.Index(i); elem != 0 {
			c.number(e)
		} else {
			c.value(e)
		}
	}
}
