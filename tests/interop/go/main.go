// Reads a contract's topic as Go programs do that have the schemas as descriptors alone, and writes what it read again.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

// contractOf gives the message whose option names the topic.
func contractOf(topic string, data []byte) protoreflect.MessageDescriptor {
	set := &descriptorpb.FileDescriptorSet{}
	check(proto.Unmarshal(data, set))
	types := dynamicpb.NewTypes(must(protodesc.NewFiles(set)))
	option := must(types.FindExtensionByName("pragma.contracts.v1.contract"))
	// Once more: only now is it known what the options are.
	check(proto.UnmarshalOptions{Resolver: types}.Unmarshal(data, set))
	for _, file := range set.File {
		for _, message := range file.MessageType {
			contract := message.Options.ProtoReflect().Get(option.TypeDescriptor()).Message()
			if contract.Get(contract.Descriptor().Fields().ByName("topic")).String() == topic {
				return must(types.FindMessageByName(protoreflect.FullName(file.GetPackage() + "." + message.GetName()))).Descriptor()
			}
		}
	}
	panic("no contract has the topic " + topic)
}

func main() {
	bootstrap := flag.String("bootstrap", "", "host:port of a broker")
	registry := flag.String("registry", "", "URL of a schema registry")
	descriptors := flag.String("descriptors", "", "file of a FileDescriptorSet")
	topic := flag.String("topic", "", "topic of a contract")
	count := flag.Int("count", 1, "records to read from the beginning")
	write := flag.Bool("write", false, "write what was read to the same topic")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	contract, header := contractOf(*topic, must(os.ReadFile(*descriptors))), sr.ConfluentHeader{}
	schemas := must(sr.NewClient(sr.URLs(*registry)))
	latest := must(schemas.SchemaByVersion(ctx, *topic+"-value", -1))
	// Without further options it reads from the beginning, and a record's partition is the murmur2 of its key.
	kafka := must(kgo.NewClient(kgo.SeedBrokers(*bootstrap), kgo.ConsumeTopics(*topic)))
	var again []*kgo.Record
	for len(again) < *count {
		fetched := kafka.PollRecords(ctx, *count-len(again))
		check(fetched.Err())
		for _, record := range fetched.Records() {
			id, rest, err := header.DecodeID(record.Value)
			schema := must(schemas.SchemaByID(ctx, must(id, err)))
			index, payload, err := header.DecodeIndex(rest, 1)
			message := dynamicpb.NewMessage(contract.ParentFile().Messages().Get(must(index, err)[0]))
			if name := message.Descriptor().Name(); !strings.Contains(schema.Schema, fmt.Sprintf("message %s {", name)) {
				log.Fatalf("schema id %d is not that of %s: %s", id, name, schema.Schema)
			}
			check(proto.Unmarshal(payload, message))
			fmt.Printf("%d\t%s\t%s\n", record.Partition, record.Key, must(protojson.Marshal(message)))
			frame := append(must(header.AppendEncode(nil, latest.ID, index)), must(proto.Marshal(message))...)
			again = append(again, &kgo.Record{Topic: *topic, Key: record.Key, Value: frame})
		}
	}
	if *write {
		check(kafka.ProduceSync(ctx, again...).FirstErr())
	}
}
