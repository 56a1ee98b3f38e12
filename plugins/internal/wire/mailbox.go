package wire

import (
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"google.golang.org/protobuf/proto"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
)

// The layout of a mailbox, in bytes: clause 8 of the contract.
const (
	slotSize    = 64 << 10
	callSlot    = 4096
	replySlot   = callSlot + slotSize
	mailboxSize = replySlot + slotSize
)

// checkEvery is how soon a waiting host notices that the plugin has died.
const checkEvery = 50 * time.Millisecond

// mailbox is the doorbell of one session: memory of mailboxSize bytes that both sides have mapped.
type mailbox struct {
	call, reply half
}

// half is one direction: a number to ring with, and a slot for one message.
type half struct {
	number, asleep, length *uint32
	slot                   []byte
	patience               patience // of the side that waits for it
}

func newMailbox(mem []byte) *mailbox {
	word := func(offset int) *uint32 { return (*uint32)(unsafe.Pointer(&mem[offset])) }
	b := &mailbox{
		call: half{
			number: word(0), asleep: word(4), length: word(8),
			slot: mem[callSlot : callSlot+slotSize : callSlot+slotSize],
		},
		reply: half{
			number: word(64), asleep: word(68), length: word(72),
			slot: mem[replySlot : replySlot+slotSize : replySlot+slotSize],
		},
	}
	b.call.patience, b.reply.patience = newPatience(), newPatience()
	return b
}

// send puts a message into the slot and rings with number.
func (h *half) send(number uint32, m proto.Message) error {
	size := proto.Size(m)
	if size > len(h.slot) {
		return fmt.Errorf("a message has %d bytes, want at most %d", size, len(h.slot))
	}
	if _, err := (proto.MarshalOptions{UseCachedSize: true}).MarshalAppend(h.slot[:0], m); err != nil {
		return err
	}
	atomic.StoreUint32(h.length, uint32(size))
	atomic.StoreUint32(h.number, number)
	if atomic.LoadUint32(h.asleep) != 0 {
		futexWake(h.number)
	}
	return nil
}

// wait returns when the number is no longer old, or with the error of check, which it asks now and
// then if it is not nil.
func (h *half) wait(old uint32, check func() error) (uint32, error) {
	if n := h.patience.poll(h.number, old); n != old {
		return n, nil
	}
	defer atomic.StoreUint32(h.asleep, 0)
	for {
		atomic.StoreUint32(h.asleep, 1)
		if n := atomic.LoadUint32(h.number); n != old {
			return n, nil
		}
		if check == nil {
			futexWait(h.number, old, 0)
			continue
		}
		futexWait(h.number, old, checkEvery)
		if atomic.LoadUint32(h.number) == old {
			if err := check(); err != nil {
				return old, err
			}
		}
	}
}

// receive reads the message in the slot.
func (h *half) receive(m proto.Message) error {
	length := atomic.LoadUint32(h.length)
	if length > uint32(len(h.slot)) {
		return fmt.Errorf("a message has %d bytes, want at most %d", length, len(h.slot))
	}
	return proto.Unmarshal(h.slot[:length], m)
}

// serve answers calls until one is Close or the host breaks the contract.
func (b *mailbox) serve(handle func(*pb.Call) *pb.Reply) error {
	for number := uint32(1); ; number++ {
		got, err := b.call.wait(number-1, nil)
		if err != nil {
			return err
		}
		if got != number {
			return fmt.Errorf("the host rang with number %d, want %d", got, number)
		}
		var call pb.Call
		if err := b.call.receive(&call); err != nil {
			return err
		}
		if err := b.reply.send(number, handle(&call)); err != nil {
			if err := b.reply.send(number, &pb.Reply{Error: errorToWire(err)}); err != nil {
				return err
			}
		}
		if call.GetClose() != nil {
			return nil
		}
	}
}
