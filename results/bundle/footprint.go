package bundle

import (
	"reflect"
	"unsafe"

	"noisebench/protocol"
	"noisebench/results"
)

// footprint estimates the memory of records. It holds the maps and slices that were counted, since
// a results.Decoder shares them between records.
type footprint map[uintptr]bool

// record returns the bytes that a record takes beside those counted before.
func (f footprint) record(r *results.Record) int64 {
	const self = 2 << 10 // the record, and its places in the maps of a Bundle
	var (
		point = int64(reflect.TypeFor[results.Point]().Size() +
			2*reflect.TypeFor[results.Value]().Size())
		number = int64(reflect.TypeFor[protocol.Number]().Size())
	)
	n := int64(self) + int64(cap(r.Points))*point
	if t := r.Trace; t != nil {
		n += number * int64(cap(t.Seen)+cap(t.Loss)+cap(t.BatchSize))
		for _, columns := range []map[string][]protocol.Number{t.Reports, t.Diagnostics} {
			for name, column := range columns {
				n += perEntry + int64(len(name)) + number*int64(cap(column))
			}
		}
	}
	for _, part := range []any{r.Run, r.Spec, r.End, r.Host} {
		n += f.beyond(reflect.ValueOf(part))
	}
	return n
}

// perEntry is what an entry of a map takes beside its key and value, roughly, in bytes.
const perEntry = 48

// beyond returns the bytes that a value refers to beside its own. Short texts do not count.
func (f footprint) beyond(v reflect.Value) (n int64) {
	const short = 64
	// first reports whether memory is counted for the first time.
	first := func(p uintptr) bool {
		known := f[p]
		f[p] = true
		return !known
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			n += f.beyond(v.Field(i))
		}
	case reflect.Pointer:
		if !v.IsNil() && first(v.Pointer()) {
			n = int64(v.Elem().Type().Size()) + f.beyond(v.Elem())
		}
	case reflect.Slice:
		if !v.IsNil() && first(v.Pointer()) {
			n = int64(v.Cap()) * int64(v.Type().Elem().Size())
			for i := range v.Len() {
				n += f.beyond(v.Index(i))
			}
		}
	case reflect.Map:
		if !v.IsNil() && first(v.Pointer()) {
			each := perEntry + int64(v.Type().Key().Size()+v.Type().Elem().Size())
			for i := v.MapRange(); i.Next(); {
				n += each + int64(i.Key().Len()) + f.beyond(i.Value())
			}
		}
	case reflect.String:
		if v.Len() > short && first(uintptr(unsafe.Pointer(unsafe.StringData(v.String())))) {
			n = int64(v.Len())
		}
	}
	return n
}
