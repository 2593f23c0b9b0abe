"""The Kafka half of the package: the producer, the consumer, filters of feeds, and schema ids."""
