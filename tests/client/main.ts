// node main.js: asks the API at API_URL and prints as JSON what the client made of its answers.
import { Client, type CombinedError, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { getIntrospectionQuery, type IntrospectionQuery } from "graphql";
import {
  CancelDocument,
  MessageDocument,
  MessagesDocument,
  type MessagesQuery,
  type MessagesQueryVariables,
  SendDocument,
  type SmsMessageSendInput,
} from "./generated.js";

const { API_URL = "", TOKEN = "", CHANNEL = "", SINCE = "", NUMBER = "", KEY = "" } = process.env;

// The schema that the API itself tells: with it the cache knows every type that it keeps.
const told = await fetch(API_URL, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ query: getIntrospectionQuery() }),
});
const { data: schema } = (await told.json()) as { data: IntrospectionQuery };

function clientOf(token: string): Client {
  const cache = cacheExchange({
    schema,
    keys: { SmsSendAttempt: () => null, SmsError: () => null },
    resolvers: { Query: { messages: relayPagination() } },
  });
  return new Client({
    url: API_URL,
    preferGetMethod: false,
    exchanges: [cache, fetchExchange],
    fetchOptions: { headers: token ? { Authorization: `Bearer ${token}` } : {} },
  });
}

const client = clientOf(TOKEN);
const numbers = (data: MessagesQuery | undefined) =>
  data?.messages?.edges.map(({ node }) => node.orderNumber);
const refusal = (error: CombinedError | undefined) => ({
  codes: error?.graphQLErrors.map(({ extensions }) => (extensions as Told).exception.code),
  status: (error?.response as Response | undefined)?.status,
});
type Told = { exception: { code: string } };

async function pages(filter: MessagesQueryVariables["filter"], first: number) {
  const sortBy = { field: "CREATED_AT", direction: "ASC" } as const;
  let after: string | null | undefined = undefined;
  let calls = 0;
  for (;;) {
    const variables: MessagesQueryVariables = { first, after, filter, sortBy };
    const { data, error } = await client.query(MessagesDocument, variables).toPromise();
    if (error) throw error;
    calls += 1;
    if (!data?.messages?.pageInfo.hasNextPage) return { calls, numbers: numbers(data) };
    after = data.messages.pageInfo.endCursor;
  }
}

async function one(filter: MessagesQueryVariables["filter"]) {
  const { data } = await client.query(MessagesDocument, { first: 9, filter }).toPromise();
  return numbers(data);
}

// @ts-expect-error A field that the API does not have is a mistake of types.
type Nothing = NonNullable<MessagesQuery["messages"]>["nothing"];

const since = { channels: [CHANNEL], events: ["order_created"], createdSince: SINCE };
const all = await pages(since, 2);
const input: SmsMessageSendInput = {
  channel: CHANNEL, recipient: NUMBER, text: "Your parcel waits at the desk.",
  purpose: "TRANSACTIONAL", key: KEY,
};
const sent = (await client.mutation(SendDocument, { input }).toPromise()).data?.smsMessageSend;
const again = (await client.mutation(SendDocument, { input }).toPromise()).data?.smsMessageSend;
const id = sent?.message?.id ?? "";
const wrong = { ...input, recipient: "12", key: `${KEY}-wrong` };
const refused = (await client.mutation(SendDocument, { input: wrong }).toPromise()).data;
const read = await client.query(MessageDocument, { id }).toPromise();
const missing = await client.mutation(CancelDocument, { id: "U21zTWVzc2FnZTo5OTk5OTk=" }).toPromise();
const nobody = await clientOf("").query(MessageDocument, { id }).toPromise();
const forged = await clientOf(`${TOKEN}x`).query(MessageDocument, { id }).toPromise();

console.log(
  JSON.stringify({
    all,
    newest: await one({ ...since, orderNumber: all.numbers?.at(-1) }),
    delivered: await one({ ...since, statuses: ["DELIVERED"] }),
    sent: { errors: sent?.errors, body: sent?.message?.body },
    same: again?.message?.id === id,
    refused: refused?.smsMessageSend,
    read: read.data?.message?.id === id && read.data.message.body,
    missing: missing.data?.smsMessageCancel,
    nobody: refusal(nobody.error),
    forged: refusal(forged.error),
  }),
);
