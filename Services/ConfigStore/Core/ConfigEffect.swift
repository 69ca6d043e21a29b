public import BusSchema
public import Primitives

/// What the store wants done, in the order given. When a `persist…` or a `handOver` fails, the shell leaves out the effects after it and says
/// so with `persistFailed` or `handOverFailed` before any other event.
public enum ConfigEffect: Equatable, Sendable {
    /// Make one change durable.
    case persist(StoredChange)
    /// Make all secrets durable, in a document that only the store can read. By key, as declared.
    case persistSecrets([String: Secret])
    /// Write the file in which `owner` finds the secret, or remove it.
    case handOver(Secret?, key: String, owner: ServiceName)
    case reply(RequestID, ConfigReply)
    case refuse(RequestID, BusError)
    /// A `ConfigValues` or `ConfigChanged`.
    case publish(AnyBusMessage)
    case log(LogRecord)
}

public enum ConfigReply: Equatable, Sendable {
    case declare(ConfigDeclare.Reply)
    case get(ConfigGet.Reply)
    case set(ConfigSet.Reply)
    case history(ConfigHistory.Reply)
}
