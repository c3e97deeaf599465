#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

Awaitable<int> token_create(Context& context, const Arguments& arguments) {
  const client::Token token = co_await context.api().create_token(arguments.get("TOKENNAME"));
  if (!context.out.is_table()) {
    context.out.show(json::to_json(token));
    co_return kExitOk;
  }
  context.out.print(text::printable(token.token) + "\n");
  context.out.note("This is the only time it is shown. Use it as `Authorization: Bearer TOKEN` or VISOR_TOKEN.");
  co_return kExitOk;
}

Awaitable<int> token_list(Context& context, const Arguments& /*arguments*/) {
  const std::vector<client::Token> tokens = co_await context.api().tokens();
  Table table{{{"ID"}, {"NAME", Align::left, true}, {"CREATED"}}, {}};
  boost::json::array data;
  for (const client::Token& token : tokens) {
    table.rows.push_back(
        {token.id, token.name, Cell(format_age(token.created, std::chrono::system_clock::now()), format_time(token.created))});
    data.push_back({{"id", token.id}, {"name", token.name}, {"created", format_time(token.created)}});
  }
  if (tokens.empty() && context.out.is_table()) {
    context.out.note("There is no token.");
  } else {
    context.out.show(data, table);
  }
  co_return kExitOk;
}

Awaitable<int> token_remove(Context& context, const Arguments& arguments) {
  co_await context.api().remove_token(arguments.get("TOKEN"));
  context.out.say("The token is deleted; it lets nobody in any more.");
  co_return kExitOk;
}

}  // namespace

std::vector<Command> token_commands() {
  return {
      {.name = "token create",
       .group = "Host",
       .summary = "Make a token for the API over TCP; it is shown only once.",
       .positionals = {{"TOKENNAME", "What it is for."}},
       .examples = {{"visor token create ci", "print a new token"}},
       .run = token_create},
      {.name = "token list",
       .group = "Host",
       .summary = "List the tokens (not their secrets).",
       .examples = {{"visor token list", "who may come in"}},
       .run = token_list},
      {.name = "token delete",
       .group = "Host",
       .summary = "Delete a token.",
       .positionals = {{"TOKEN", "The token's id.", Completes::tokens}},
       .examples = {{"visor token delete 3f2a", "it lets nobody in any more"}},
       .run = token_remove},
  };
}

}  // namespace visor::cli
