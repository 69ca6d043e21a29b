import OCPP
import Primitives

extension QueueEntry {
    /// The message as it is sent now. The transactionId is -1 only when StartTransaction was given up (E §3.18): the order of the queue
    /// sees to it that every other message comes after the answer.
    func request(_ clock: EventClock, at moment: Moment) -> OCPPRequest? {
        let transactionId = assigned?.transactionId ?? -1
        func meterValue(_ time: EventTime, _ values: [SampledValue]) -> MeterValue? {
            OneOrMore(values).map { MeterValue(timestamp: clock.timestamp(of: time, at: moment), sampledValue: $0) }
        }
        switch message {
        case .start(let began):
            return .startTransaction(
                StartTransaction.Request(
                    connectorId: began.connectorId,
                    idTag: began.idTag,
                    meterStart: Int(began.meterStartWh),
                    reservationId: began.reservationId,
                    timestamp: clock.timestamp(of: began.time, at: moment)
                )
            )
        case .meterValues(let sampled):
            guard let value = meterValue(sampled.time, sampled.values) else { return nil }
            return .meterValues(
                MeterValues.Request(
                    connectorId: sampled.connectorId,
                    transactionId: transactionId,
                    meterValue: OneOrMore(value)
                )
            )
        case .stop(let ended):
            return .stopTransaction(
                StopTransaction.Request(
                    idTag: ended.idTag,
                    meterStop: Int(ended.meterStopWh),
                    timestamp: clock.timestamp(of: ended.time, at: moment),
                    transactionId: transactionId,
                    reason: ended.reason,
                    transactionData: ended.transactionData?.compactMap { meterValue($0.time, $0.values) }
                )
            )
        }
    }
}
