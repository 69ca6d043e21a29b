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
        // Each instant has an element of its own (OCPP 1.6 §4.7); what was so since an earlier one comes first.
        func meterValues(_ time: EventTime, _ values: [SampledValue], _ period: StoredPeriod?) -> [MeterValue] {
            [period.flatMap { meterValue($0.since, $0.values) }, meterValue(time, values)].compactMap(\.self)
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
            guard let values = OneOrMore(meterValues(sampled.time, sampled.values, sampled.period)) else { return nil }
            return .meterValues(
                MeterValues.Request(
                    connectorId: sampled.connectorId,
                    transactionId: transactionId,
                    meterValue: values
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
                    transactionData: ended.transactionData?.flatMap { meterValues($0.time, $0.values, $0.period) }
                )
            )
        }
    }
}
