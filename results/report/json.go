package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"noisebench/results/columns"
)

// WriteJSON writes the whole report as one JSON object. Its fields are those of [columns.Reports],
// and
//
//	problems   one object each, in the order of the plan: fields of [columns.Problems], and
//	  rows     one object each, by rank: fields of [columns.Rows]
//	  unranked the same for rows that are not ranked
//	  pairs    one object each: fields of [columns.Pairs]
//	overall    one object each, by place: fields of [columns.Overalls]; null if there are fewer than
//	           two problems
//	groups     one object for each group of problems in the plan, by name: name, the names of its
//	           problems, and overall on these alone
//
// The names of fields are stable: some may be added, none changes its meaning. A number that is
// unknown or infinite is null; all others are in full precision.
func (r Ranking) WriteJSON(w io.Writer) error {
	whole := newObject(columns.Reports(), r.Report)
	rows := columns.Rows(r.Report, nil)
	problems := []*object{}
	for i := range r.Problems {
		p := &r.Problems[i]
		one := newObject(columns.Problems(), p)
		ranked, unranked := []*object{}, []*object{}
		for _, row := range columns.RowsOf(r.Report, p) {
			if row.Unranked == nil {
				ranked = append(ranked, newObject(rows, row))
			} else {
				unranked = append(unranked, newObject(rows, row))
			}
		}
		one.set(ranked, "rows")
		one.set(unranked, "unranked")
		pairs, err := encoded(columns.Pairs(), columns.PairsOf(r.Report, p))
		if err != nil {
			return err
		}
		one.set(pairs, "pairs")
		problems = append(problems, one)
	}
	whole.set(problems, "problems")
	if r.Overall == nil {
		whole.set(nil, "overall")
	} else {
		whole.set(newObjects(columns.Overalls(r.Report), columns.OverallsOf(r.Report)), "overall")
	}
	groups := []*object{}
	for i := range r.Groups {
		g := &r.Groups[i]
		names := []string{}
		for _, p := range g.Problems {
			names = append(names, p.Name)
		}
		one := &object{}
		one.set(g.Name, "name")
		one.set(names, "problems")
		one.set(newObjects(columns.Overalls(&g.Report), columns.OverallsOf(&g.Report)), "overall")
		groups = append(groups, one)
	}
	whole.set(groups, "groups")
	return writeJSON(w, whole)
}

// WriteJSON writes the comparisons as a JSON array with one object per pair: the name of its
// problem and the fields of [columns.Pairs].
func (r Pairwise) WriteJSON(w io.Writer) error {
	all := []*object{}
	for i := range r.Problems {
		for _, pair := range columns.PairsOf(r.Report, &r.Problems[i]) {
			one := &object{}
			one.set(r.Problems[i].Name, "problem")
			all = append(all, addTo(one, columns.Pairs(), pair))
		}
	}
	return writeJSON(w, all)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// object is a JSON object whose fields keep their order.
type object struct {
	names  []string
	fields map[string]any
}

func newObject[R any](list []columns.Column[R], row R) *object {
	return addTo(new(object), list,
		row)
}

func newObjects[R any](list []columns.Column[R], rows []R) []*object {
	all := []*object{}
	for _, row := range rows {
		all = append(all, newObject(list, row))
	}
	return all
}

// encoded is the JSON of newObjects, which takes a quarter of the memory: pairs can be very many.
func encoded[R any](list []columns.Column[R], rows []R) (json.RawMessage, error) {
	text := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			text = append(text, ',')
		}
		one, err := newObject(list, row).MarshalJSON()
		if err != nil {
			return nil, err
		}
		text = append(text, one...)
	}
	return append(text, ']'), nil
}

// addTo adds the columns of a list that JSON shows. Fields of which a row has nothing are left out.
func addTo[R any](o *object, list []columns.Column[R], row R) *object {
	for _, c := range columns.In(list, columns.JSON) {
		if value := c.Value(row); value != nil {
			o.set(value, c.Path...)
		}
	}
	return o
}

// set sets the field at a path.
func (o *object) set(value any, path ...string) {
	if o.fields == nil {
		o.fields = map[string]any{}
	}
	name := path[0]
	if _, there := o.fields[name]; !there {
		o.names = append(o.names, name)
		if len(path) > 1 {
			o.fields[name] = new(object)
		}
	}
	if len(path) > 1 {
		o.fields[name].(*object).set(value, path[1:]...)
		return
	}
	if v, ok := value.(float64); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
		value = nil
	}
	o.fields[name] = value
}

// MarshalJSON implements json.Marshaler.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range o.names {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(o.fields[name])
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", name, err)
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
