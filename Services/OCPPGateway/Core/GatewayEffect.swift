public import BusSchema
public import OCPP
public import Primitives

/// Orders to the shell, to be performed in their order. A `persist` that fails stops those after it and comes back as
/// `ChargingMachine.Event.persistFailed`.
public enum GatewayEffect: Equatable, Sendable {
    // The socket to the central system; see `ConnectionMachine.Effect`.
    case resolve(dial: Int)
    case connect(dial: Int, address: Int)
    /// Certificates are held against `time`.
    case secureLink(dial: Int, time: KnownTime)
    case startHandshake(dial: Int)
    case sendPing
    case closeLink(dial: Int)
    case abortLink(dial: Int)
    /// Bind connections to no interface from now on, and ask no name servers of an uplink, until the modem manager says more.
    case leaveWayOpen
    /// A password was set, whoever did it: the next handshake carries it, even if it is one that was refused before.
    case passwordWasSet

    /// Send a CALL of ours.
    case sendCall(id: String, OCPPRequest)
    /// Answer a CALL of the central system.
    case sendResult(id: String, OCPPConfirmation)
    /// Refuse a CALL of the central system.
    case sendError(id: String, CallError)

    case persist([JournalRecord], Durability)
    case loadQueue(QueueQuery)
    case compact(JournalCompaction)
    /// Replace a document; the answer is `saved` or `saveFailed`. The newest of several that may wait is enough.
    case save(AnyDocument)

    case requestPermit(Permit)
    case requestLock(Lock)
    case requestUnlock(Unlock)
    case indicate(Indicate)
    /// Have hardware-io start anew, with `HardwareRestart.patience`; the answer is `hardwareRestartAnswered`.
    case restartHardware
    /// Have the machine boot. Nothing answers but the end of this program, or `machineBootFailed`.
    case bootMachine
    case declareKeys(ConfigDeclare)
    case store(number: Int, ConfigSet)
    /// Write the secret to a new file in the store's inbox, and send `config.set` with the name of that file.
    case storeSecret(number: Int, key: String, Secret)
    /// Tell the modem manager how far we get; no answer needed.
    case report(UplinkReport)
    case publish(AnyBusMessage)
    /// The answer to `GatewayEvent.asked` of that number.
    case replied(number: Int, Result<GatewayReply, BusError>)
    /// Read a page of the journal; the answer is `recordsRead` or `recordsNotRead`.
    case readRecords(RecordQuery)

    case log(LogRecord)
    /// Everything is wound up: end the program.
    case exit
    /// Everything is wound up for a Reset: start the program anew.
    case restart
}
